"""Requests to set up a member's sign-in anew."""

import sqlalchemy as sa
from alembic import op

from portal.db.types import EncryptedText, UTCDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recovery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column("agreed_by", sa.Integer(), nullable=True),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(32), nullable=True),
        sa.Column("totp_secret", EncryptedText("recovery.totp"), nullable=False),
        sa.Column("closed_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_recovery_staff_id"),
        sa.ForeignKeyConstraint(["asked_by"], ["staff.id"], name="fk_recovery_asked_by"),
        sa.ForeignKeyConstraint(["agreed_by"], ["staff.id"], name="fk_recovery_agreed_by"),
        sa.PrimaryKeyConstraint("id", name="pk_recovery"),
        sa.UniqueConstraint("token_hash", name="uq_recovery_token_hash"),
    )
    op.create_index("ix_recovery_staff_id", "recovery", ["staff_id"])


def downgrade() -> None:
    op.drop_table("recovery")
