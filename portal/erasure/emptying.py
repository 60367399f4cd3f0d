"""Empty every sealed value of a participant's key, in whatever table it stands."""

from collections.abc import Collection

from sqlalchemy import LargeBinary, Table, func, or_, type_coerce, update
from sqlalchemy.orm import Session

from portal.db.base import Base
from portal.db.kinds import DataKind
from portal.db.personal import PersonalBytes, PersonalText
from portal.db.personal_keys import NUMBER_BYTES

_EMPTY = type_coerce(b"", LargeBinary)


def empty(session: Session, kind: DataKind, numbers: Collection[int]) -> dict[str, int]:
    """Empty what the keys of these numbers sealed; gives the rows by table. No feature can be forgotten."""
    found = {table.name: _empty(session, table, kind, numbers) for table in Base.metadata.sorted_tables}
    return {name: count for name, count in found.items() if count}


def _empty(session: Session, table: Table, kind: DataKind, numbers: Collection[int]) -> int:
    columns = [
        one for one in table.columns if isinstance(one.type, PersonalText | PersonalBytes) and one.type.kind is kind
    ]
    if not columns or not numbers:
        return 0
    starts = [number.to_bytes(NUMBER_BYTES, "big") for number in numbers]
    touched = 0
    for column in columns:
        start = func.substr(type_coerce(column, LargeBinary), 1, NUMBER_BYTES, type_=LargeBinary)
        hers = or_(*(start == one for one in starts))
        done = session.connection().execute(update(table).where(hers).values({column.name: _EMPTY}))
        touched = max(touched, done.rowcount)
    return touched
