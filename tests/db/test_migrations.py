from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from portal.db import migrate
from portal.db.base import Base
from portal.db.engine import Database


def test_models_and_migrations_agree(worlds):
    with worlds.get(Database).engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_down_and_up_again(worlds):
    database = worlds.get(Database)
    migrate.downgrade(database, "base")
    assert inspect(database.engine).get_table_names() == ["alembic_version"]
    migrate.upgrade(database)
    assert "consent" in inspect(database.engine).get_table_names()
