"""What Alembic runs: our own connection, handed over by `payments.migrations.migrate`. No offline mode, no ini file."""

from alembic import context

from payments.platform.tables.every import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,
    transaction_per_migration=False,
)
context.run_migrations()
