"""The team's notes, and why somebody looked at an identity."""

import sqlalchemy as sa
from alembic import op

from portal.db.append_only import protect, release

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "participant_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name="fk_participant_note_participant_id"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_participant_note_staff_id"),
        sa.PrimaryKeyConstraint("id", name="pk_participant_note"),
    )
    op.create_index("ix_participant_note_participant_id", "participant_note", ["participant_id"])
    op.create_table(
        "saturation_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_saturation_note_staff_id"),
        sa.PrimaryKeyConstraint("id", name="pk_saturation_note"),
    )
    op.create_table(
        "identity_look",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(length=40), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name="fk_identity_look_participant_id"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_identity_look_staff_id"),
        sa.PrimaryKeyConstraint("id", name="pk_identity_look"),
    )
    op.create_index("ix_identity_look_participant_id", "identity_look", ["participant_id"])
    protect("identity_look", "id, participant_id, staff_id, why, at")


def downgrade() -> None:
    release("identity_look")
    op.drop_table("identity_look")
    op.drop_table("saturation_note")
    op.drop_table("participant_note")
