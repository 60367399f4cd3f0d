"""Amendments and their approvals; what was put forward and who approved it is only ever added."""

import sqlalchemy as sa
from alembic import op

from portal.db.types import UTCDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_FIXED = {
    "amendment": "id, content_hash, content, base_hash, reason, drafted_by, drafted_at",
    "amendment_approval": "amendment_id, staff_id, role, at, chain_seq, chain_hash",
}


def upgrade() -> None:
    op.create_table(
        "amendment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("base_hash", sa.String(64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("drafted_by", sa.String(80), nullable=False),
        sa.Column("drafted_at", UTCDateTime(), nullable=False),
        sa.Column("published_at", UTCDateTime(), nullable=True),
        sa.Column("withdrawn_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_amendment"),
    )
    op.create_table(
        "amendment_approval",
        sa.Column("amendment_id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("chain_seq", sa.Integer(), nullable=False),
        sa.Column("chain_hash", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["amendment_id"], ["amendment.id"], name="fk_amendment_approval_amendment_id"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_amendment_approval_staff_id"),
        sa.PrimaryKeyConstraint("amendment_id", "staff_id", name="pk_amendment_approval"),
    )
    for table, columns in _FIXED.items():
        for deed in (f"update OF {columns}", "delete"):
            name = f"{table}_no_{deed.split(' ')[0]}"
            if op.get_bind().dialect.name == "postgresql":
                act = f"ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            else:
                act = f"ON {table} BEGIN SELECT RAISE(ABORT, '{table} is only ever added to'); END"
            op.execute(f"CREATE TRIGGER {name} BEFORE {deed} {act}")


def downgrade() -> None:
    op.drop_table("amendment_approval")
    op.drop_table("amendment")
