"""The catalogue of recordings. A recording's row stays when it is destroyed."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "recording",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("room", sa.String(length=60), nullable=False),
        sa.Column("study_version", sa.String(length=64), nullable=False),
        sa.Column("opened_at", moment, nullable=False),
        sa.Column("duration_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.Column("interrupted", sa.Boolean(), nullable=False),
        sa.Column("discarded", sa.Boolean(), nullable=False),
        sa.Column("recipients", sa.JSON(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("manifest_bytes", sa.BigInteger(), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("catalogued_at", moment, nullable=False),
        sa.Column("hashed_at", moment, nullable=True),
        sa.Column("away", sa.Boolean(), nullable=False),
        sa.Column("destruction_ordered_at", moment, nullable=True),
        sa.Column("destroyed_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_recording"),
    )
    op.create_index("ix_recording_room", "recording", ["room"])
    op.create_index("ix_recording_opened_at", "recording", ["opened_at"])
    op.create_table(
        "recording_track",
        sa.Column("recording_id", sa.String(length=26), nullable=False),
        sa.Column("file", sa.String(length=60), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("track", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("media", sa.String(length=20), nullable=False),
        sa.Column("codecs", sa.String(length=40), nullable=False),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        sa.Column("duration_ms", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("plaintext_bytes", sa.BigInteger(), nullable=False),
        sa.Column("payload_sha256", sa.String(length=64), nullable=False),
        sa.Column("more", sa.String(length=80), nullable=False),
        sa.Column("more_sha256", sa.String(length=64), nullable=False),
        sa.Column("problem", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"], name="fk_recording_track_recording_id"),
        sa.PrimaryKeyConstraint("recording_id", "file", name="pk_recording_track"),
    )


def downgrade() -> None:
    op.drop_table("recording_track")
    op.drop_table("recording")
