"""Rate limits kept in the database, so that they hold across workers and machines."""

from datetime import timedelta
from typing import Any

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from limits.storage import Storage
from sqlalchemy import String, delete
from sqlalchemy.orm import Mapped, mapped_column

from portal.clock import now
from portal.db.base import Base
from portal.db.engine import Database
from portal.db.errors import StorageUnavailable


class RateLimit(Base):
    """How often something was tried in the present window."""

    __tablename__ = "rate_limit"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    count: Mapped[int]
    expires_at: Mapped[float]


class DatabaseStorage(Storage):
    """The counters of the `limits` library in our database."""

    STORAGE_SCHEME = ["portal-database"]  # noqa: RUF012 - the library's own spelling

    def __init__(self, uri: str | None = None, *, database: Database, wrap_exceptions: bool = False, **_: Any) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions)
        self._database = database

    @property
    def base_exceptions(self) -> type[Exception]:
        """What a failing database raises."""
        return StorageUnavailable

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count one more try, in a window of `expiry` seconds that starts with the first."""
        at = now().timestamp()
        with self._database.transaction() as session:
            row = session.get(RateLimit, key[:200], with_for_update=True)
            if row is None:
                row = RateLimit(key=key[:200], count=0, expires_at=at + expiry)
                session.add(row)
            elif row.expires_at <= at:
                row.count, row.expires_at = 0, at + expiry
            row.count += amount
            return row.count

    def get(self, key: str) -> int:
        """How many tries the present window holds."""
        with self._database.reading() as session:
            row = session.get(RateLimit, key[:200])
        return row.count if row is not None and row.expires_at > now().timestamp() else 0

    def get_expiry(self, key: str) -> float:
        """When the present window ends, in seconds since 1970."""
        with self._database.reading() as session:
            row = session.get(RateLimit, key[:200])
        return row.expires_at if row is not None else now().timestamp()

    def check(self) -> bool:
        """Whether the database answers."""
        self._database.check()
        return True

    def reset(self) -> int:
        """Forget every counter."""
        with self._database.transaction() as session:
            return len(session.scalars(delete(RateLimit).returning(RateLimit.key)).all())

    def clear(self, key: str) -> None:
        """Forget one counter."""
        with self._database.transaction() as session:
            session.execute(delete(RateLimit).where(RateLimit.key == key[:200]))

    def sweep(self) -> int:
        """Remove counters whose window ended over an hour ago; gives their number."""
        before = (now() - timedelta(hours=1)).timestamp()
        with self._database.transaction() as session:
            gone = session.scalars(delete(RateLimit).where(RateLimit.expires_at < before).returning(RateLimit.key))
            return len(gone.all())


limiter = Limiter(key_func=get_remote_address)


def init_app(app: Flask, database: Database) -> None:
    """Count in the database. A limit that cannot be checked refuses (fails closed)."""
    app.config["RATELIMIT_STORAGE_URI"] = "portal-database://"
    app.config["RATELIMIT_STORAGE_OPTIONS"] = {"database": database}
    app.config["RATELIMIT_HEADERS_ENABLED"] = False
    app.config["RATELIMIT_SWALLOW_ERRORS"] = False
    limiter.init_app(app)
