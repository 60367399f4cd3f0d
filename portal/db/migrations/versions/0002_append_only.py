"""What was signed or recorded is only ever added: the database itself refuses changes and removals.

Sealed columns may be sealed anew, or the data key could never be rotated; receipts and hashes cover what they hold.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

FIXED = {
    "audit_event": "seq, at, kind, actor, subject, fields, hash",
    "study_publication": "id, content_hash, content, published_at",
    "consent": "id, reference, participant_id, generation, publication_hash, form_hash, sheet_hash, language, at, "
    "chain_seq, chain_hash",
    "consent_answer": "consent_id, position, statement_key, statement_hash, agreed",
    "countersignature": "id, reference, consent_id, staff_id, conversation_on, identity_check, at, chain_seq, "
    "chain_hash",
    "withdrawal": "id, reference, participant_id, consent_id, publication_hash, level, at, chain_seq, chain_hash",
    "receipt": "id, kind, reference, sha256, level, certificate, chain_seq, chain_hash, sealed_at",
}


def upgrade() -> None:
    op.execute(sa.text("INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, :genesis)").bindparams(genesis="0" * 64))
    if op.get_bind().dialect.name == "postgresql":
        _postgresql()
    else:
        _sqlite()


def downgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table in FIXED:
        for deed in ("update", "delete"):
            op.execute(f"DROP TRIGGER {table}_no_{deed}" + (f" ON {table}" if postgresql else ""))
    if postgresql:
        op.execute("DROP FUNCTION refuse_change()")
    op.execute("DELETE FROM audit_head")


def _postgresql() -> None:
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME; END $$"
    )
    for table, columns in FIXED.items():
        before = f"ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {columns} {before}")
        op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE {before}")


def _sqlite() -> None:
    for table, columns in FIXED.items():
        act = f"ON {table} BEGIN SELECT RAISE(ABORT, '{table} is only ever added to'); END"
        op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {columns} {act}")
        op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE {act}")
