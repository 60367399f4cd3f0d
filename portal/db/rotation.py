"""Seal every sealed value anew with the current key, in every table there is."""

from sqlalchemy import Table, bindparam, select, update

from portal.db.base import Base
from portal.db.engine import Database
from portal.db.types import EncryptedBytes, EncryptedText

_BATCH = 200


def reseal(database: Database) -> int:
    """Gives how many values were sealed, participants' own keys among them. Interrupted, it can be run again."""
    return database.personal.seal_anew() + sum(_reseal_table(database, table) for table in Base.metadata.sorted_tables)


def _reseal_table(database: Database, table: Table) -> int:
    sealed = [column for column in table.columns if isinstance(column.type, EncryptedText | EncryptedBytes)]
    if not sealed:
        return 0
    keys = list(table.primary_key.columns)
    change = (
        update(table)
        .where(*(key == bindparam(f"pk_{key.name}") for key in keys))
        .values({column.name: bindparam(f"new_{column.name}", type_=column.type) for column in sealed})
    )
    count, offset = 0, 0
    while True:
        with database.transaction() as session:
            rows = session.execute(select(*keys, *sealed).order_by(*keys).limit(_BATCH).offset(offset)).all()
            if not rows:
                return count
            for row in rows:
                values = {f"pk_{key.name}": row[at] for at, key in enumerate(keys)}
                values |= {f"new_{column.name}": row[len(keys) + at] for at, column in enumerate(sealed)}
                session.connection().execute(change, values)
                count += sum(value is not None for value in row[len(keys) :])
        offset += _BATCH
