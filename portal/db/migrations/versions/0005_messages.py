"""Messages know to whom they go rather than where, when they are worth sending, and how they ended."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("outbox_message") as batch:
        batch.alter_column("language", existing_type=sa.String(length=10), nullable=True)
        batch.add_column(sa.Column("subject", sa.String(length=60), nullable=True))
        batch.add_column(sa.Column("attachments", sa.LargeBinary(), nullable=True))
        batch.add_column(sa.Column("wanted_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("not_after", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("handed_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("outcome", sa.String(length=20), nullable=True))
        batch.add_column(sa.Column("channel", sa.String(length=10), nullable=True))
        batch.add_column(sa.Column("address_digest", sa.LargeBinary(length=32), nullable=True))
        batch.add_column(sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE outbox_message SET wanted_at = queued_at, closed_at = COALESCE(sent_at, given_up_at), "
        "outcome = CASE WHEN sent_at IS NOT NULL THEN 'sent' WHEN given_up_at IS NOT NULL THEN 'exhausted' END"
    )
    with op.batch_alter_table("outbox_message") as batch:
        batch.alter_column("wanted_at", existing_type=sa.DateTime(timezone=True), nullable=False)
        batch.drop_column("sent_at")
        batch.drop_column("given_up_at")
    op.create_index("ix_outbox_message_subject", "outbox_message", ["subject"])
    op.create_index("ix_outbox_message_closed_at_due_at", "outbox_message", ["closed_at", "due_at"])


def downgrade() -> None:
    op.drop_index("ix_outbox_message_closed_at_due_at", "outbox_message")
    op.drop_index("ix_outbox_message_subject", "outbox_message")
    op.execute("DELETE FROM outbox_message WHERE subject IS NOT NULL AND closed_at IS NULL")
    op.execute("UPDATE outbox_message SET language = 'en' WHERE language IS NULL")
    with op.batch_alter_table("outbox_message") as batch:
        batch.add_column(sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE outbox_message SET sent_at = CASE WHEN outcome = 'sent' THEN closed_at END, "
        "given_up_at = CASE WHEN outcome <> 'sent' THEN closed_at END"
    )
    with op.batch_alter_table("outbox_message") as batch:
        batch.alter_column("language", existing_type=sa.String(length=10), nullable=False)
        for column in (
            "subject", "attachments", "wanted_at", "not_after", "leased_until", "handed_at", "closed_at", "outcome",
            "channel", "address_digest", "settled_at",
        ):  # fmt: skip
            batch.drop_column(column)
