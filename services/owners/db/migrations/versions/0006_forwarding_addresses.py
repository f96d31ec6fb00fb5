"""Let the erasure of a party blank the forwarding addresses that were said of its units' ownerships.

They are said with the billing contact of an ownership that has ended, under its id; of several owners nobody knows
whose address it is.
"""

from alembic import op

from shared.db import ddl

revision = "0006"
down_revision = "0005"

_FUNCTION = """
create function owners.blank_forwarding(told_id text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (select from owners.erasures where kind = 'party' and contact_id = told_id) then
    raise exception 'nobody decided to erase this contact' using errcode = 'insufficient_privilege';
  end if;
  update msg.event_log as log
    set body = convert_to((convert_from(body, 'UTF8')::jsonb #- '{data,forwarding_address}')::text, 'UTF8')
    where topic = 'owners.contact-changed'
      and msg_key in (
        select change_id from owners.changes where unit_id in (
          select unit_id from owners.changes
          where content -> 'parties' @> jsonb_build_array(jsonb_build_object('party_id', told_id))))
      and case when body = '' then false
        else convert_from(body, 'UTF8')::jsonb #> '{data,forwarding_address}' is not null end;
end $$
"""
_NAME = "owners.blank_forwarding(text)"


def upgrade() -> None:
    op.execute(_FUNCTION)
    op.execute(f"revoke all on function {_NAME} from public")
    op.execute(f"grant execute on function {_NAME} to {ddl.app_role()}")


def downgrade() -> None:
    op.execute(f"drop function {_NAME}")
