"""Conversations between participants and the team."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "enquiry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("about", sa.String(length=40), nullable=False),
        sa.Column("occasion", sa.String(length=60), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name="fk_enquiry_participant_id_participant"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_enquiry_staff_id_staff"),
        sa.PrimaryKeyConstraint("id", name="pk_enquiry"),
        sa.UniqueConstraint("participant_id", "occasion", name="uq_enquiry_participant_id_occasion"),
    )
    op.create_index("ix_enquiry_participant_id", "enquiry", ["participant_id"])


def downgrade() -> None:
    op.drop_table("enquiry")
