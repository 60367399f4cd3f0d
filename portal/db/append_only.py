"""For migrations: make the database itself refuse to change or remove what was recorded."""

import sqlalchemy as sa
from alembic import op

_DEEDS = ("update", "delete")


def protect(table: str, columns: str) -> None:
    """Refuse removals, and changes of the columns ("a, b"); sealed columns are left out, since keys are rotated."""
    if op.get_bind().dialect.name == "postgresql":
        before = f"ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        op.execute(sa.text(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {columns} {before}"))
        op.execute(sa.text(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE {before}"))
        return
    act = f"ON {table} BEGIN SELECT RAISE(ABORT, '{table} is only ever added to'); END"
    op.execute(sa.text(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {columns} {act}"))
    op.execute(sa.text(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE {act}"))


def release(table: str) -> None:
    """Take the protection away again."""
    on = f" ON {table}" if op.get_bind().dialect.name == "postgresql" else ""
    for deed in _DEEDS:
        op.execute(sa.text(f"DROP TRIGGER {table}_no_{deed}{on}"))
