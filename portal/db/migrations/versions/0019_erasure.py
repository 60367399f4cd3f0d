"""Proofs of erasure, requests that two people decide, and the milestones of retention."""

import sqlalchemy as sa
from alembic import op

from portal.db.append_only import protect, release

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

FIXED = {
    "erasure": "id, reference, participant_id, kind, cause, because, outcome, removed, keys, sha256, at, chain_seq, "
    "chain_hash",
    "erasure_request": "id, participant_id, kinds, why, requested_by, requested_at",
    "erasure_decision": "request_id, approved, decided_by, decided_at",
    "milestone": "id, milestone, day, declared_by, declared_at",
    "milestone_confirmation": "milestone_id, confirmed_by, confirmed_at",
}


def upgrade() -> None:
    op.create_table(
        "erasure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("because", sa.String(length=60), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("removed", sa.JSON(), nullable=False),
        sa.Column("keys", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("chain_seq", sa.Integer(), nullable=False),
        sa.Column("chain_hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name="fk_erasure_participant_id"),
        sa.PrimaryKeyConstraint("id", name="pk_erasure"),
        sa.UniqueConstraint("reference", name="uq_erasure_reference"),
    )
    op.create_index("ix_erasure_participant_id", "erasure", ["participant_id"])
    op.create_index("ix_erasure_because", "erasure", ["because"])
    op.create_table(
        "erasure_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("kinds", sa.String(length=100), nullable=False),
        sa.Column("why", sa.String(length=40), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("requested_by", sa.Integer(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name="fk_erasure_request_participant_id"),
        sa.ForeignKeyConstraint(["requested_by"], ["staff.id"], name="fk_erasure_request_requested_by"),
        sa.PrimaryKeyConstraint("id", name="pk_erasure_request"),
    )
    op.create_index("ix_erasure_request_participant_id", "erasure_request", ["participant_id"])
    op.create_table(
        "erasure_decision",
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["erasure_request.id"], name="fk_erasure_decision_request_id"),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.id"], name="fk_erasure_decision_decided_by"),
        sa.PrimaryKeyConstraint("request_id", name="pk_erasure_decision"),
    )
    op.create_table(
        "milestone",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("milestone", sa.String(length=20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("declared_by", sa.Integer(), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["declared_by"], ["staff.id"], name="fk_milestone_declared_by"),
        sa.PrimaryKeyConstraint("id", name="pk_milestone"),
    )
    op.create_table(
        "milestone_confirmation",
        sa.Column("milestone_id", sa.Integer(), nullable=False),
        sa.Column("confirmed_by", sa.Integer(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["milestone_id"], ["milestone.id"], name="fk_milestone_confirmation_milestone_id"),
        sa.ForeignKeyConstraint(["confirmed_by"], ["staff.id"], name="fk_milestone_confirmation_confirmed_by"),
        sa.PrimaryKeyConstraint("milestone_id", name="pk_milestone_confirmation"),
    )
    for table, columns in FIXED.items():
        protect(table, columns)


def downgrade() -> None:
    for table in ("milestone_confirmation", "milestone", "erasure_decision", "erasure_request", "erasure"):
        release(table)
        op.drop_table(table)
