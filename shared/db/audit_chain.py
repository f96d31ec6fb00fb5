"""The audit's chain: each row carries the hash of the row before, and nobody changes or removes one."""

AS_TEXT = """
(jsonb_build_array({row}.id, (extract(epoch from {row}.at) * 1000000)::bigint, {row}.who, {row}.approved_by,
  {row}.action, {row}.subject, {row}.reason, {row}.detail) ||
  case when {row}.from_address is null then jsonb_build_array() else jsonb_build_array({row}.from_address) end)::text
"""
"""A row as the one text that is hashed, whatever its columns' display settings.

One that does not say from where is hashed as all were before any did.
"""

_ADDRESS = "alter table msg.audit add column if not exists from_address text"
_COLUMN = "alter table msg.audit add column if not exists hash bytea"
_SEAL_OLD = f"""
do $$
declare
  entry msg.audit;
  prior bytea := '';
begin
  for entry in select * from msg.audit order by id loop
    prior := sha256(prior || convert_to({AS_TEXT.format(row="entry")}, 'UTF8'));
    update msg.audit set hash = prior where id = entry.id;
  end loop;
end $$
"""  # noqa: S608 - the fragment is ours
_NOT_NULL = "alter table msg.audit alter column hash set not null"
_SEAL = f"""
create or replace function msg.seal_audit() returns trigger language plpgsql as $$
declare
  prior msg.audit;
begin
  perform pg_advisory_xact_lock(hashtextextended('closebook-audit', 0));
  select * into prior from msg.audit order by id desc limit 1;
  new.id := coalesce(prior.id, 0) + 1;
  new.hash := sha256(coalesce(prior.hash, '') || convert_to({AS_TEXT.format(row="new")}, 'UTF8'));
  return new;
end $$
"""  # noqa: S608 - the fragment is ours
_SEALED = "create trigger sealed before insert on msg.audit for each row execute function msg.seal_audit()"
_REFUSE = """
create function msg.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'table % is only added to', tg_table_name using errcode = 'insufficient_privilege';
end $$
"""
_ONLY_ADDED_TO = """
create trigger only_added_to before update or delete or truncate on msg.audit
for each statement execute function msg.refuse_change()
"""

CREATE = (_COLUMN, _ADDRESS, _SEAL_OLD, _NOT_NULL, _SEAL, _SEALED, _REFUSE, _ONLY_ADDED_TO)
SAY_FROM_WHERE = (_ADDRESS, _SEAL)
DROP = ("drop function msg.seal_audit(), msg.refuse_change() cascade",)
