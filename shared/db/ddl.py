"""What a service's migrations call: tables as declared, and what the service's own role may do with them."""

from alembic import context, op
from sqlalchemy import MetaData, Table, text
from sqlalchemy.schema import CreateSchema, DropSchema

from shared.db import audit_chain, msg, msg_people


def app_role() -> str:
    """Return the role the service works as: ``<service>_app``; fails clearly when the server has no such role."""
    role = f"{context.config.attributes['service']}_app"
    found = op.get_bind().execute(text("select 1 from pg_roles where rolname = :role"), {"role": role}).first()
    if found is None:
        raise LookupError(f"the database server has no role {role}: create roles and databases first (shared.db.roles)")
    return role


def create_tables(metadata: MetaData, tables: list[Table] | None = None) -> None:
    """Make a schema and its tables as declared; the app role may use the schema, tables are granted one by one.

    For a service's first migration; later ones spell out what they change.
    """
    assert metadata.schema
    bind = op.get_bind()
    bind.execute(CreateSchema(metadata.schema, if_not_exists=True))
    metadata.create_all(bind, tables, checkfirst=False)
    op.execute(f"grant usage on schema {metadata.schema} to {app_role()}")


def drop_tables(metadata: MetaData, tables: list[Table] | None = None) -> None:
    """Undo ``create_tables``."""
    assert metadata.schema
    bind = op.get_bind()
    metadata.drop_all(bind, tables, checkfirst=False)
    bind.execute(DropSchema(metadata.schema))


def create_bus_tables() -> None:
    """Make schema ``msg`` with its grants and the gate's one row."""
    create_tables(msg.metadata, list(msg.GRANTS))
    for table, rights in msg.GRANTS.items():
        grant(table, rights)
    # A service that starts compares the schema with its code.
    op.execute(f"grant select on msg.schema_version to {app_role()}")
    # The outbox draws its numbers before it copies the rows in.
    op.execute(f"grant usage on sequence msg.event_log_seq_seq to {app_role()}")
    op.execute(msg.gate.insert().values(id=True))


def drop_bus_tables() -> None:
    """Undo ``create_bus_tables``; the schema stays, for it carries the schema version."""
    msg.metadata.drop_all(op.get_bind(), list(msg.GRANTS), checkfirst=False)


def create_people_tables() -> None:
    """Add the bus tables of commands that need two people, with their grants, and the chain of the audit."""
    for statement in audit_chain.CREATE:
        op.execute(statement)
    msg.metadata.create_all(op.get_bind(), list(msg_people.GRANTS), checkfirst=False)
    for table, rights in msg_people.GRANTS.items():
        grant(table, rights)


def drop_people_tables() -> None:
    """Undo ``create_people_tables``; the audit keeps its hashes."""
    for statement in audit_chain.DROP:
        op.execute(statement)
    msg.metadata.drop_all(op.get_bind(), list(msg_people.GRANTS), checkfirst=False)


def say_from_where() -> None:
    """Let rows of the audit say from which address a request came, in the chain; rows that do not stay as sealed.

    There is no way back: without what its rows say the chain would not hold.  Code of before works beside it, but its
    own check of the audit calls rows with an address not as they were written.
    """
    for statement in audit_chain.SAY_FROM_WHERE:
        op.execute(statement)
    op.execute(f"comment on column msg.audit.from_address is '{msg.audit.c.from_address.comment}'")


def find_whole_letters() -> None:
    """Let a day's close find the bytes of decided dead letters that are still there."""
    op.execute(
        "create index if not exists ix_dead_letter_whole on msg.dead_letter (last_attempt) "
        "where status <> 'open' and (raw_key is not null or raw_value is not null or raw_headers <> '[]')"
    )


def find_whole_letters_no_more() -> None:
    """Undo ``find_whole_letters``."""
    op.execute("drop index msg.ix_dead_letter_whole")


def order_by_commits() -> None:
    """Let the log of batches say when each held all its locks; of those before, only when they began is known."""
    op.execute("alter table msg.batch_log add column if not exists settled_at timestamptz")
    for name in ("settled_at", "committed_at"):
        op.execute(f"comment on column msg.batch_log.{name} is '{msg.batch_log.c[name].comment}'")


def order_by_commits_no_more() -> None:
    """Undo ``order_by_commits``."""
    op.execute("alter table msg.batch_log drop column settled_at")


def grant(table: Table | str, rights: str) -> None:
    """Let the app role do ``rights`` (``select, insert``) with a table."""
    op.execute(f"grant {rights} on table {_name(table)} to {app_role()}")


def grant_all(*tables: Table | str) -> None:
    """Let the app role read and write the tables."""
    for table in tables:
        grant(table, "select, insert, update, delete")


def grant_append_only(*tables: Table | str) -> None:
    """Let the app role read and add, never change or remove."""
    for table in tables:
        grant(table, "select, insert")


def _name(table: Table | str) -> str:
    return str(table.fullname) if isinstance(table, Table) else table
