"""Answers to the comprehension check are sealed with the participant's own key, as all that she told the study is.

Before, they were plain: destroying her key did not reach them in backups. Here they are sealed row by row, so this
needs the portal's keys. What she answered before a key of hers was destroyed was erased then, and only a backup brought
it back: it is left out.
"""

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa
from alembic import op

from portal.db.kinds import DataKind
from portal.db.personal import PERSONAL_KEYS
from portal.db.personal_keys import PersonalKeys
from portal.db.types import UTCDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

Kind = sa.Text | sa.LargeBinary
_TABLE = "comprehension_check"
_PURPOSE = "consent.check.answers"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("PRAGMA secure_delete=ON")  # the plain answers are to be gone from the file too
    keys = PERSONAL_KEYS[op.get_bind().dialect]
    erased = {one.owner: one.at for one in keys.destroyed() if one.kind is DataKind.ANSWERS}  # the last of each owner

    def seal(answers: str, owner: str, at: datetime) -> bytes:
        if owner in erased and at <= erased[owner]:
            return b""
        return keys.seal(owner, DataKind.ANSWERS, _PURPOSE, answers.encode())

    _convert(sa.Text(), sa.LargeBinary(), seal)
    if op.get_bind().dialect.name == "postgresql":
        # It leaves a dropped column's values, and old rows, in the table's file until that is written anew.
        op.execute(f"ALTER TABLE {_TABLE} ALTER COLUMN answers TYPE bytea USING answers || ''::bytea")


def downgrade() -> None:
    keys: PersonalKeys = PERSONAL_KEYS[op.get_bind().dialect]

    def unseal(sealed: bytes, _owner: str, _at: datetime) -> str:
        return ((keys.open(_PURPOSE, sealed) if sealed else None) or b"{}").decode()

    _convert(sa.LargeBinary(), sa.Text(), unseal)


def _convert(old: Kind, new: Kind, made: Callable[..., object]) -> None:
    """Put answers of the new type in the place of those of the old; `made` gets the old one, whose it is, and when."""
    op.add_column(_TABLE, sa.Column("made", new, nullable=True))
    rows = sa.table(_TABLE, sa.column("id"), sa.column("participant_id"), sa.column("answers", old),
                    sa.column("at", UTCDateTime()), sa.column("made", new))  # fmt: skip
    person = sa.table("participant", sa.column("id"), sa.column("study_id"))
    query = sa.select(rows.c.id, rows.c.answers, person.c.study_id, rows.c.at)
    found = op.get_bind().execute(query.join_from(rows, person, person.c.id == rows.c.participant_id)).all()
    for number, answers, owner, at in found:
        op.execute(sa.update(rows).where(rows.c.id == number).values(made=made(answers, owner, at)))
    with op.batch_alter_table(_TABLE) as table:
        table.drop_column("answers")
    with op.batch_alter_table(_TABLE) as table:
        table.alter_column("made", new_column_name="answers", existing_type=new, nullable=False)
