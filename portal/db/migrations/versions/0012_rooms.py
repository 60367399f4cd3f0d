"""Interview rooms: rooms, outcomes, notes, ticks, guests, and what the media process told."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from portal.db.append_only import protect, release

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ADDED_ONLY = {
    "room_outcome": "id, room_id, staff_id, outcome, at",
    "room_event": "id, room_id, line, kind, detail, at",
}


def _moment(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _whole(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "room",
        _whole("id"),
        sa.Column("code", sa.String(length=32), nullable=False),
        _whole("participant_id"),
        sa.Column("appointment_key", sa.String(length=60), nullable=True),
        sa.Column("publication_hash", sa.String(length=64), nullable=False),
        _moment("starts_at"),
        _moment("opens_at"),
        _moment("closes_at"),
        _moment("opened_at"),
        _whole("opened_by", nullable=True),
        _whole("interviewer_id", nullable=True),
        _moment("ended_at", nullable=True),
        _moment("withdrawal_told_at", nullable=True),
        _moment("catalogued_at", nullable=True),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name="fk_room_participant_id"),
        sa.ForeignKeyConstraint(["opened_by"], ["staff.id"], name="fk_room_opened_by"),
        sa.ForeignKeyConstraint(["interviewer_id"], ["staff.id"], name="fk_room_interviewer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_room"),
        sa.UniqueConstraint("code", name="uq_room_code"),
        sa.UniqueConstraint("appointment_key", name="uq_room_appointment_key"),
    )
    op.create_index("ix_room_participant_id", "room", ["participant_id"])
    op.create_index("ix_room_closes_at", "room", ["closes_at"])
    op.create_table(
        "room_outcome",
        _whole("id"),
        _whole("room_id"),
        _whole("staff_id"),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        _moment("at"),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name="fk_room_outcome_room_id"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_room_outcome_staff_id"),
        sa.PrimaryKeyConstraint("id", name="pk_room_outcome"),
    )
    op.create_index("ix_room_outcome_room_id", "room_outcome", ["room_id"])
    op.create_table(
        "room_note",
        _whole("room_id"),
        _whole("staff_id"),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        _whole("revision"),
        _moment("updated_at"),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name="fk_room_note_room_id"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_room_note_staff_id"),
        sa.PrimaryKeyConstraint("room_id", "staff_id", name="pk_room_note"),
    )
    op.create_table(
        "room_tick",
        _whole("room_id"),
        sa.Column("topic", sa.String(length=40), nullable=False),
        _whole("staff_id"),
        _whole("recording_ms", nullable=True),
        _moment("at"),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name="fk_room_tick_room_id"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_room_tick_staff_id"),
        sa.PrimaryKeyConstraint("room_id", "topic", name="pk_room_tick"),
    )
    op.create_table(
        "room_guest",
        _whole("id"),
        _whole("room_id"),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        _whole("staff_id"),
        _moment("made_at"),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name="fk_room_guest_room_id"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_room_guest_staff_id"),
        sa.PrimaryKeyConstraint("id", name="pk_room_guest"),
        sa.UniqueConstraint("token_hash", name="uq_room_guest_token_hash"),
    )
    op.create_index("ix_room_guest_room_id", "room_guest", ["room_id"])
    op.create_table(
        "room_event",
        _whole("id"),
        _whole("room_id"),
        _whole("line"),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.String(length=1000), nullable=False),
        _moment("at"),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name="fk_room_event_room_id"),
        sa.PrimaryKeyConstraint("id", name="pk_room_event"),
        sa.UniqueConstraint("room_id", "line", name="uq_room_event_room_id_line"),
    )
    op.create_index("ix_room_event_room_id_at", "room_event", ["room_id", "at"])
    for table, columns in ADDED_ONLY.items():
        protect(table, columns)


def downgrade() -> None:
    for table in ADDED_ONLY:
        release(table)
    for table in ("room_event", "room_guest", "room_tick", "room_note", "room_outcome", "room"):
        op.drop_table(table)
