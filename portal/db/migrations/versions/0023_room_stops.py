"""Wishes to stop an interview, which may come when the call's connection is lost."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "room_stop",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(length=24), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("carried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_room_stop_room_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room_stop")),
        sa.UniqueConstraint("room_id", "person", "name", name=op.f("uq_room_stop_room_id_person_name")),
    )
    op.create_index(op.f("ix_room_stop_heard_at"), "room_stop", ["heard_at"])


def downgrade() -> None:
    op.drop_table("room_stop")
