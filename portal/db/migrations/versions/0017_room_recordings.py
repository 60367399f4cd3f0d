"""A room knows the name of its recording."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("room", sa.Column("recording_id", sa.String(length=40), nullable=True))
    op.create_index("ix_room_recording_id", "room", ["recording_id"], unique=True)


def downgrade() -> None:
    op.drop_index("ix_room_recording_id", "room")
    op.drop_column("room", "recording_id")
