"""What people who ask by SQL may see: every table of a service, to read only, but for what says who somebody is.

The role has no password.  An administrator lends it to a person's own login (``grant billing_read to ann``), and takes
it back; whoever reads through it can change nothing, not even by mistake.
"""

from sqlalchemy import Connection, text

from shared.db import roles

_BYTES = frozenset({"raw_value", "raw_headers"})
PRIVATE: dict[str, frozenset[str]] = {
    "msg.held": _BYTES,
    "msg.dead_letter": _BYTES | {"raw_key"},
    "msg.audit": frozenset({"from_address"}),
    "owners.changes": frozenset({"content"}),
    "owners.contact_statements": frozenset({"fields"}),
    "owners.contacts": frozenset({"content"}),
    "notify.contacts": frozenset({"name", "email", "address", "forwarding"}),
    "notify.messages": frozenset({"mailbox"}),
    "notify.contents": frozenset({"body"}),
}
"""Columns that nobody reads by SQL; the page of personal data names the same."""
PRIVATE_OF_OWNERS: dict[str, frozenset[str]] = {"msg.event_log": frozenset({"body"})}
"""Only what owners says carries personal data."""

_THERE = text("select exists (select from pg_roles where rolname = :role)")
_TABLES = text("""
select class.oid::regclass::text as name, space.nspname || '.' || class.relname as plain,
  array_agg(quote_ident(attname) order by attnum) as columns
from pg_class as class join pg_namespace as space on space.oid = class.relnamespace
join pg_attribute as attribute on attribute.attrelid = class.oid and attnum > 0 and not attisdropped
where class.relkind = 'r' and space.nspname in ('msg', :service) group by class.oid, space.nspname
""")


def private_columns(service: str, table: str) -> frozenset[str]:
    """Return the columns of a table (``schema.name``) that the reading role of a service may not see."""
    own = PRIVATE_OF_OWNERS if service == "owners" else {}
    return PRIVATE.get(table, frozenset()) | own.get(table, frozenset())


def grant(connection: Connection, service: str) -> None:
    """Let the reading role of a service see its tables as they are now; a server without the role stays without."""
    role = roles.reader_of(service)
    if not connection.execute(_THERE, {"role": role}).scalar():
        return
    tables = connection.execute(_TABLES, {"service": service}).all()
    for schema in {plain.partition(".")[0] for _, plain, _ in tables}:
        connection.exec_driver_sql(f"grant usage on schema {schema} to {role}")
    for name, plain, columns in tables:
        hidden = private_columns(service, plain)
        seen = ", ".join(column for column in columns if column not in hidden)
        connection.exec_driver_sql(f"revoke all on table {name} from {role}")
        connection.exec_driver_sql(f"grant select{f' ({seen})' if hidden else ''} on table {name} to {role}")
