"""How each participant may be contacted; a telephone number beside or instead of the e-mail address."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("identity") as batch:
        batch.alter_column("email", existing_type=sa.LargeBinary(), nullable=True)
        batch.alter_column("email_digest", existing_type=sa.LargeBinary(length=32), nullable=True)
        batch.add_column(sa.Column("phone", sa.LargeBinary(), nullable=True))
    op.create_table(
        "contact_choice",
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=True),
        sa.Column("from_hour", sa.Integer(), nullable=False),
        sa.Column("to_hour", sa.Integer(), nullable=False),
        sa.Column("days", sa.String(length=7), nullable=False),
        sa.Column("neutral_name", sa.Boolean(), nullable=False),
        sa.Column("optional", sa.Boolean(), nullable=False),
        sa.Column("may_ring", sa.Boolean(), nullable=False),
        sa.Column("voicemail", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name="fk_contact_choice_participant_id_participant"
        ),
        sa.PrimaryKeyConstraint("participant_id", name="pk_contact_choice"),
    )


def downgrade() -> None:
    op.drop_table("contact_choice")
    op.execute("DELETE FROM identity WHERE email IS NULL")
    with op.batch_alter_table("identity") as batch:
        batch.drop_column("phone")
        batch.alter_column("email_digest", existing_type=sa.LargeBinary(length=32), nullable=False)
        batch.alter_column("email", existing_type=sa.LargeBinary(), nullable=False)
