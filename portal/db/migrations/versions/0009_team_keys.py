"""The team's keys: public halves, and wrapped copies."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "team_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("owner", sa.Integer(), nullable=True),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registered_by", sa.Integer(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", sa.Integer(), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_by", sa.Integer(), nullable=True),
        sa.Column("threshold", sa.Integer(), nullable=True),
        sa.Column("shares", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["owner"], ["staff.id"], name=op.f("fk_team_key_owner")),
        sa.ForeignKeyConstraint(["registered_by"], ["staff.id"], name=op.f("fk_team_key_registered_by")),
        sa.ForeignKeyConstraint(["confirmed_by"], ["staff.id"], name=op.f("fk_team_key_confirmed_by")),
        sa.ForeignKeyConstraint(["retired_by"], ["staff.id"], name=op.f("fk_team_key_retired_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team_key")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_team_key_fingerprint")),
    )
    op.create_index(op.f("ix_team_key_owner"), "team_key", ["owner"])
    op.create_table(
        "team_key_wrap",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("blob", sa.Text(), nullable=False),
        sa.Column("passkey", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["team_key.id"], name=op.f("fk_team_key_wrap_key_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team_key_wrap")),
    )
    op.create_index(op.f("ix_team_key_wrap_key_id"), "team_key_wrap", ["key_id"])


def downgrade() -> None:
    op.drop_table("team_key_wrap")
    op.drop_table("team_key")
