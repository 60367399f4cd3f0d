"""Signed checkpoints of the audit trail, only ever added, and the results of checks."""

import sqlalchemy as sa
from alembic import op

from portal.db.types import UTCDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_checkpoint",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit_checkpoint"),
    )
    op.create_table(
        "audit_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(64), nullable=False),
        sa.Column("problem", sa.String(300), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_audit_check"),
    )
    for deed in ("update", "delete"):
        if op.get_bind().dialect.name == "postgresql":
            act = "ON audit_checkpoint FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        else:
            act = "ON audit_checkpoint BEGIN SELECT RAISE(ABORT, 'audit_checkpoint is only ever added to'); END"
        op.execute(f"CREATE TRIGGER audit_checkpoint_no_{deed} BEFORE {deed.upper()} {act}")


def downgrade() -> None:
    op.drop_table("audit_check")
    op.drop_table("audit_checkpoint")
