"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_event",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit_event"),
    )
    op.create_index("ix_audit_event_actor", "audit_event", ["actor"])
    op.create_index("ix_audit_event_kind", "audit_event", ["kind"])
    op.create_index("ix_audit_event_subject", "audit_event", ["subject"])

    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
    )
    op.create_table(
        "heartbeat",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_heartbeat"),
    )
    op.create_table(
        "outbox_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("template", sa.String(length=60), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("recipient", sa.LargeBinary(), nullable=True),
        sa.Column("context", sa.LargeBinary(), nullable=True),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_outbox_message"),
        sa.UniqueConstraint("key", name="uq_outbox_message_key"),
    )
    op.create_table(
        "participant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.String(length=20), nullable=False),
        sa.Column("group", sa.String(length=40), nullable=False),
        sa.Column("site", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_participant"),
        sa.UniqueConstraint("study_id", name="uq_participant_study_id"),
    )
    op.create_table(
        "rate_limit",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_rate_limit"),
    )
    op.create_table(
        "receipt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("reference", sa.String(length=60), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=False),
        sa.Column("chain_seq", sa.Integer(), nullable=True),
        sa.Column("chain_hash", sa.String(length=64), nullable=True),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_receipt"),
        sa.UniqueConstraint("reference", name="uq_receipt_reference"),
        sa.UniqueConstraint("sha256", name="uq_receipt_sha256"),
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("email", sa.LargeBinary(), nullable=False),
        sa.Column("email_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("totp_secret", sa.LargeBinary(), nullable=False),
        sa.Column("totp_last_step", sa.Integer(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_staff"),
        sa.UniqueConstraint("email_digest", name="uq_staff_email_digest"),
    )
    op.create_table(
        "study_publication",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_study_publication"),
        sa.UniqueConstraint("content_hash", name="uq_study_publication_content_hash"),
    )
    op.create_table(
        "web_session",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("values", sa.LargeBinary(), nullable=False),
        sa.Column("principal", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_web_session"),
    )
    op.create_index("ix_web_session_principal", "web_session", ["principal"])
    op.create_index("ix_web_session_seen_at", "web_session", ["seen_at"])

    op.create_table(
        "comprehension_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("check_hash", sa.String(length=64), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name="fk_comprehension_check_participant_id"),
        sa.PrimaryKeyConstraint("id", name="pk_comprehension_check"),
    )
    op.create_index("ix_comprehension_check_participant_id", "comprehension_check", ["participant_id"])

    op.create_table(
        "consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("publication_hash", sa.String(length=64), nullable=False),
        sa.Column("form_hash", sa.String(length=64), nullable=False),
        sa.Column("sheet_hash", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("drawn", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("chain_seq", sa.Integer(), nullable=False),
        sa.Column("chain_hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name="fk_consent_participant_id"),
        sa.PrimaryKeyConstraint("id", name="pk_consent"),
        sa.UniqueConstraint(
            "participant_id", "form_hash", "generation", name="uq_consent_participant_id_form_hash_generation"
        ),
        sa.UniqueConstraint("reference", name="uq_consent_reference"),
    )
    op.create_index("ix_consent_participant_id", "consent", ["participant_id"])

    op.create_table(
        "consent_draft",
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("form_hash", sa.String(length=64), nullable=False),
        sa.Column("answers", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name="fk_consent_draft_participant_id"),
        sa.PrimaryKeyConstraint("participant_id", name="pk_consent_draft"),
    )
    op.create_table(
        "demographic_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("questionnaire_hash", sa.String(length=64), nullable=False),
        sa.Column("question_key", sa.String(length=40), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name="fk_demographic_answer_participant_id"),
        sa.PrimaryKeyConstraint("id", name="pk_demographic_answer"),
    )
    op.create_index("ix_demographic_answer_latest", "demographic_answer", ["participant_id", "question_key", "id"])

    op.create_table(
        "identity",
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.LargeBinary(), nullable=False),
        sa.Column("email_digest", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name="fk_identity_participant_id"),
        sa.PrimaryKeyConstraint("participant_id", name="pk_identity"),
        sa.UniqueConstraint("email_digest", name="uq_identity_email_digest"),
    )
    op.create_table(
        "invitation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name="fk_invitation_participant_id"),
        sa.PrimaryKeyConstraint("id", name="pk_invitation"),
        sa.UniqueConstraint("token_hash", name="uq_invitation_token_hash"),
    )
    op.create_index("ix_invitation_participant_id", "invitation", ["participant_id"])

    op.create_table(
        "sheet_reading",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("sheet_hash", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name="fk_sheet_reading_participant_id"),
        sa.PrimaryKeyConstraint("id", name="pk_sheet_reading"),
        sa.UniqueConstraint("participant_id", "sheet_hash", name="uq_sheet_reading_participant_id_sheet_hash"),
    )
    op.create_table(
        "sign_in_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("code_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name="fk_sign_in_code_participant_id"),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_code"),
    )
    op.create_index("ix_sign_in_code_participant_id", "sign_in_code", ["participant_id"])

    op.create_table(
        "staff_invitation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("totp_secret", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_staff_invitation_staff_id"),
        sa.PrimaryKeyConstraint("id", name="pk_staff_invitation"),
        sa.UniqueConstraint("token_hash", name="uq_staff_invitation_token_hash"),
    )
    op.create_table(
        "consent_answer",
        sa.Column("consent_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("statement_key", sa.String(length=40), nullable=False),
        sa.Column("statement_hash", sa.String(length=64), nullable=False),
        sa.Column("agreed", sa.Boolean(), nullable=False),
        sa.Column("initials", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["consent_id"], ["consent.id"], name="fk_consent_answer_consent_id"),
        sa.PrimaryKeyConstraint("consent_id", "position", name="pk_consent_answer"),
    )
    op.create_table(
        "countersignature",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("consent_id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("conversation_on", sa.DateTime(timezone=True), nullable=False),
        sa.Column("conversation", sa.LargeBinary(), nullable=False),
        sa.Column("identity_check", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("chain_seq", sa.Integer(), nullable=False),
        sa.Column("chain_hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["consent_id"], ["consent.id"], name="fk_countersignature_consent_id"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_countersignature_staff_id"),
        sa.PrimaryKeyConstraint("id", name="pk_countersignature"),
        sa.UniqueConstraint("consent_id", name="uq_countersignature_consent_id"),
        sa.UniqueConstraint("reference", name="uq_countersignature_reference"),
    )
    op.create_table(
        "withdrawal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("consent_id", sa.Integer(), nullable=False),
        sa.Column("publication_hash", sa.String(length=64), nullable=False),
        sa.Column("level", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("chain_seq", sa.Integer(), nullable=False),
        sa.Column("chain_hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["consent_id"], ["consent.id"], name="fk_withdrawal_consent_id"),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name="fk_withdrawal_participant_id"),
        sa.PrimaryKeyConstraint("id", name="pk_withdrawal"),
        sa.UniqueConstraint("reference", name="uq_withdrawal_reference"),
    )
    op.create_index("ix_withdrawal_participant_id", "withdrawal", ["participant_id"])


def downgrade() -> None:

    op.drop_table("withdrawal")
    op.drop_table("countersignature")
    op.drop_table("consent_answer")
    op.drop_table("staff_invitation")

    op.drop_table("sign_in_code")
    op.drop_table("sheet_reading")

    op.drop_table("invitation")
    op.drop_table("identity")

    op.drop_table("demographic_answer")
    op.drop_table("consent_draft")

    op.drop_table("consent")

    op.drop_table("comprehension_check")

    op.drop_table("web_session")
    op.drop_table("study_publication")
    op.drop_table("staff")
    op.drop_table("receipt")
    op.drop_table("rate_limit")
    op.drop_table("participant")
    op.drop_table("outbox_message")
    op.drop_table("heartbeat")
    op.drop_table("audit_head")

    op.drop_table("audit_event")
