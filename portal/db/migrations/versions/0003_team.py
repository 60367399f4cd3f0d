"""Sites of members, and the delegation log, to which entries are only ever added."""

import sqlalchemy as sa
from alembic import op

from portal.db.types import UTCDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_FIXED = ("delegation", "delegation_end")


def upgrade() -> None:
    for table in ("staff", "staff_invitation"):
        op.add_column(table, sa.Column("sites", sa.JSON(none_as_null=True), nullable=True))
    op.create_table(
        "delegation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("task", sa.String(20), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("signed_by", sa.String(80), nullable=False),
        sa.Column("signed_at", UTCDateTime(), nullable=False),
        sa.Column("chain_seq", sa.Integer(), nullable=False),
        sa.Column("chain_hash", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_delegation_staff_id"),
        sa.PrimaryKeyConstraint("id", name="pk_delegation"),
    )
    op.create_index("ix_delegation_staff_id", "delegation", ["staff_id"])
    op.create_table(
        "delegation_end",
        sa.Column("delegation_id", sa.Integer(), nullable=False),
        sa.Column("ended_by", sa.String(80), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=False),
        sa.Column("chain_seq", sa.Integer(), nullable=False),
        sa.Column("chain_hash", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["delegation_id"], ["delegation.id"], name="fk_delegation_end_delegation_id"),
        sa.PrimaryKeyConstraint("delegation_id", name="pk_delegation_end"),
    )
    for table in _FIXED:
        _only_added(table)


def downgrade() -> None:
    op.drop_table("delegation_end")
    op.drop_table("delegation")
    for table in ("staff", "staff_invitation"):
        op.drop_column(table, "sites")


def _only_added(table: str) -> None:
    for deed in ("update", "delete"):
        if op.get_bind().dialect.name == "postgresql":
            act = f"ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        else:
            act = f"ON {table} BEGIN SELECT RAISE(ABORT, '{table} is only ever added to'); END"
        op.execute(f"CREATE TRIGGER {table}_no_{deed} BEFORE {deed.upper()} {act}")
