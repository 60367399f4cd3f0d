"""Who does not take part, and why."""

import sqlalchemy as sa
from alembic import op

from portal.db.append_only import protect, release

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "not_taking_part",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name="fk_not_taking_part_participant_id"),
        sa.PrimaryKeyConstraint("id", name="pk_not_taking_part"),
    )
    op.create_index("ix_not_taking_part_participant_id", "not_taking_part", ["participant_id"])
    protect("not_taking_part", "id, participant_id, kind, reason, at")


def downgrade() -> None:
    release("not_taking_part")
    op.drop_table("not_taking_part")
