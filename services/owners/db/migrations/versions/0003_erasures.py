"""Add the table of people who were erased, and the one function that may blank what is kept of them.

Changes, statements and what was said are only added to by the service's own role, and stay so: the function blanks
content, never ids, kinds or days, and only of a contact that the table names.
"""

from alembic import op

from services.owners.db import tables
from shared.db import ddl

revision = "0003"
down_revision = "0002"

_FUNCTION = """
create function owners.blank_contact(told_kind text, told_id text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  named jsonb := jsonb_build_array(jsonb_build_object('party_id', told_id));
begin
  if not exists (select from owners.erasures where kind = told_kind and contact_id = told_id) then
    raise exception 'nobody decided to erase this contact' using errcode = 'insufficient_privilege';
  end if;
  update msg.event_log as log set body = convert_to(jsonb_set(convert_from(body, 'UTF8')::jsonb, '{data}',
      jsonb_build_object('contact_id', told_id, 'kind', told_kind))::text, 'UTF8')
    where topic = 'owners.contact-changed' and msg_key = told_id
      and case when body = '' then false
        else convert_from(body, 'UTF8')::jsonb #>> '{data,kind}' = told_kind
          and convert_from(body, 'UTF8')::jsonb #>> '{data,erased}' is distinct from 'true' end;
  if told_kind = 'party' then
    update owners.contact_statements set fields = '{}' where party_id = told_id;
    update owners.changes set content = content - 'outgoing_forwarding_address'
      where content ? 'outgoing_forwarding_address'
        and unit_id in (select unit_id from owners.changes where content -> 'parties' @> named);
    update owners.changes set content = jsonb_set(content, '{parties}', (
        select jsonb_agg(case when party ->> 'party_id' = told_id
            then jsonb_build_object('party_id', told_id, 'kind', party -> 'kind', 'name', '[erased]')
            else party end order by nth)
        from jsonb_array_elements(content -> 'parties') with ordinality as told(party, nth)))
      where content -> 'parties' @> named;
  else
    with recursive chain as (
      select change_id from owners.changes where change_id = told_id
      union select later.change_id from owners.changes as later join chain on later.corrects = chain.change_id)
    update owners.changes set content = jsonb_set(content, '{billing_contact}', '{"name": "[erased]"}')
      where content ? 'billing_contact' and change_id in (select change_id from chain);
  end if;
end $$
"""
_NAME = "owners.blank_contact(text, text)"


def upgrade() -> None:
    tables.erasures.create(op.get_bind(), checkfirst=False)
    ddl.grant_append_only(tables.erasures)
    op.execute(_FUNCTION)
    op.execute(f"revoke all on function {_NAME} from public")
    op.execute(f"grant execute on function {_NAME} to {ddl.app_role()}")


def downgrade() -> None:
    op.execute(f"drop function {_NAME}")
    tables.erasures.drop(op.get_bind())
