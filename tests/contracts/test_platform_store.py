"""The platform's id and secret are made once by their migration, also when it was killed half-way."""

from typing import Any

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, delete, text

from payments.migrations import migrate
from payments.platform import identity as platform_store
from payments.platform.identity import Platform
from payments.platform.tables.processes import platform as platform_table


def platform_of(engine: Engine) -> Platform | None:
    with engine.connect() as connection:
        return platform_store.find(connection)


def migrate_again(engine: Engine) -> Platform:
    """As after a migration that was killed before its revision was stored."""
    config = Config()
    config.set_main_option("script_location", "payments/migrations")
    before: Any = ScriptDirectory.from_config(config).get_revision("0009").down_revision
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :before"), {"before": before})
    migrate(engine.url.render_as_string(hide_password=False))
    found = platform_of(engine)
    assert found is not None
    return found


def test_it_is_made_once_whatever_was_done_already(engine: Engine) -> None:
    first = platform_of(engine)
    assert first is not None
    assert (len(first.id), len(first.secret)) == (32, 32)
    assert first.secret.hex() not in repr(first)
    assert migrate_again(engine) == first, "all of it was done"
    with engine.begin() as connection:
        connection.execute(delete(platform_table))
    assert platform_of(engine) is None
    second = migrate_again(engine)
    assert second.id != first.id, "the table was there without its row"
    assert second.secret != first.secret
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE platform"))
    assert migrate_again(engine).id not in (first.id, second.id)
