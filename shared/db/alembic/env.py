"""What Alembic runs for every service; everything it needs comes from ``shared.db.migrate``."""

from alembic import context

from shared.db.migrate import BUS_SCHEMA, LOCK_TIMEOUT

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=context.config.attributes.get("metadata"),
    version_table="schema_version",
    version_table_schema=BUS_SCHEMA,
    include_schemas=True,
    compare_server_default=True,
    transaction_per_migration=True,
)
with context.begin_transaction():
    connection.exec_driver_sql(f"set local lock_timeout = '{LOCK_TIMEOUT}'")
    context.run_migrations()
