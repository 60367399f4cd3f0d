"""Booking: interviewers' hours, bookings that are only added to, and the claims that refuse a double booking."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
FIXED = {
    "booking": "id, reference, participant_id, made_at",
    "booking_placement": "id, booking_id, sequence, interviewer_id, starts_at, ends_at, mode, by_team, at",
    "booking_cancellation": "booking_id, sequence, cause, at",
    "booking_earlier_wish": "id, booking_id, wanted, known, at",
    "booking_earlier_offer": "id, booking_id, starts_at, at",
}


def upgrade() -> None:
    _interviewers()
    _bookings()
    _claims()
    _wishes()
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table, columns in FIXED.items():
        if postgresql:
            act = f"ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        else:
            act = f"ON {table} BEGIN SELECT RAISE(ABORT, '{table} is only ever added to'); END"
        op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {columns} {act}")
        op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE {act}")


def downgrade() -> None:
    for table in (
        "booking_zone", "booking_earlier_offer", "booking_earlier_wish", "booking_claim",
        "booking_hold", "booking_live", "booking_cancellation", "booking_placement", "booking", "booking_busy",
        "booking_absence", "booking_hours", "booking_interviewer",
    ):  # fmt: skip
        op.drop_table(table)  # its triggers go with it


def _interviewers() -> None:
    op.create_table(
        "booking_interviewer",
        sa.Column(
            "staff_id", sa.Integer(), sa.ForeignKey("staff.id", name="fk_booking_interviewer_staff_id"), nullable=False
        ),
        sa.Column("buffer_minutes", sa.Integer()),
        sa.Column("daily_limit", sa.Integer()),
        sa.Column("calendar_url", sa.LargeBinary()),
        sa.Column("calendar_read_at", MOMENT),
        sa.Column("calendar_tried_at", MOMENT),
        sa.Column("calendar_problem", sa.String(200)),
        sa.Column("feed_hash", sa.LargeBinary(32)),
        sa.PrimaryKeyConstraint("staff_id", name="pk_booking_interviewer"),
        sa.UniqueConstraint("feed_hash", name="uq_booking_interviewer_feed_hash"),
    )
    op.create_table(
        "booking_hours",
        _of("booking_hours", "staff_id", "booking_interviewer.staff_id"),
        sa.Column("key", sa.String(10), nullable=False),
        sa.Column("windows", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("staff_id", "key", name="pk_booking_hours"),
    )
    for table, *more in (
        ("booking_absence", sa.Column("note", sa.LargeBinary(), nullable=False)),
        ("booking_busy",),
    ):
        op.create_table(
            table,
            sa.Column("id", sa.Integer(), nullable=False),
            _of(table, "staff_id", "booking_interviewer.staff_id"),
            sa.Column("starts_at", MOMENT, nullable=False),
            sa.Column("ends_at", MOMENT, nullable=False),
            *more,
            sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        )
        op.create_index(f"ix_{table}_staff_id_ends_at", table, ["staff_id", "ends_at"])


def _bookings() -> None:
    op.create_table(
        "booking",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(40), nullable=False),
        _of("booking", "participant_id", "participant.id"),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_booking"),
        sa.UniqueConstraint("reference", name="uq_booking_reference"),
    )
    op.create_index("ix_booking_participant_id", "booking", ["participant_id"])
    op.create_table(
        "booking_placement",
        sa.Column("id", sa.Integer(), nullable=False),
        _of("booking_placement", "booking_id", "booking.id"),
        sa.Column("sequence", sa.Integer(), nullable=False),
        _of("booking_placement", "interviewer_id", "booking_interviewer.staff_id"),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("mode", sa.String(10), nullable=False),
        sa.Column("needs", sa.LargeBinary(), nullable=False),
        sa.Column("by_team", sa.Boolean(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_booking_placement"),
        sa.UniqueConstraint("booking_id", "sequence", name="uq_booking_placement_booking_id_sequence"),
        sa.CheckConstraint("ends_at > starts_at", name="ck_booking_placement_ends_after_it_starts"),
    )
    op.create_index(
        "ix_booking_placement_interviewer_id_starts_at", "booking_placement", ["interviewer_id", "starts_at"]
    )
    op.create_table(
        "booking_cancellation",
        _of("booking_cancellation", "booking_id", "booking.id"),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(20), nullable=False),
        sa.Column("why", sa.LargeBinary(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("booking_id", name="pk_booking_cancellation"),
    )


def _claims() -> None:
    op.create_table(
        "booking_live",
        _of("booking_live", "participant_id", "participant.id"),
        _of("booking_live", "booking_id", "booking.id"),
        sa.PrimaryKeyConstraint("participant_id", name="pk_booking_live"),
        sa.UniqueConstraint("booking_id", name="uq_booking_live_booking_id"),
    )
    op.create_table(
        "booking_hold",
        sa.Column("id", sa.Integer(), nullable=False),
        _of("booking_hold", "participant_id", "participant.id"),
        _of("booking_hold", "interviewer_id", "booking_interviewer.staff_id"),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_booking_hold"),
        sa.UniqueConstraint("participant_id", name="uq_booking_hold_participant_id"),
    )
    op.create_index("ix_booking_hold_expires_at", "booking_hold", ["expires_at"])
    op.create_table(
        "booking_claim",
        _of("booking_claim", "interviewer_id", "booking_interviewer.staff_id"),
        sa.Column("quantum", sa.Integer(), nullable=False),
        _of("booking_claim", "booking_id", "booking.id", nullable=True),
        _of("booking_claim", "hold_id", "booking_hold.id", nullable=True, ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("interviewer_id", "quantum", name="pk_booking_claim"),
        sa.CheckConstraint("(booking_id IS NULL) <> (hold_id IS NULL)", name="ck_booking_claim_one_owner"),
    )
    op.create_index("ix_booking_claim_booking_id", "booking_claim", ["booking_id"])
    op.create_index("ix_booking_claim_hold_id", "booking_claim", ["hold_id"])


def _wishes() -> None:
    for table, *columns in (
        (
            "booking_earlier_wish",
            sa.Column("wanted", sa.Boolean(), nullable=False),
            sa.Column("known", sa.Text(), nullable=False),
        ),
        ("booking_earlier_offer", sa.Column("starts_at", MOMENT, nullable=False)),
    ):
        op.create_table(
            table,
            sa.Column("id", sa.Integer(), nullable=False),
            _of(table, "booking_id", "booking.id"),
            *columns,
            sa.Column("at", MOMENT, nullable=False),
            sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        )
        op.create_index(f"ix_{table}_booking_id", table, ["booking_id"])
    op.create_table(
        "booking_zone",
        _of("booking_zone", "participant_id", "participant.id"),
        sa.Column("zone", sa.String(60), nullable=False),
        sa.PrimaryKeyConstraint("participant_id", name="pk_booking_zone"),
    )


def _of(table: str, column: str, target: str, *, nullable: bool = False, ondelete: str | None = None) -> sa.Column[int]:
    key = sa.ForeignKey(target, name=f"fk_{table}_{column}", ondelete=ondelete)
    return sa.Column(column, sa.Integer(), key, nullable=nullable)
