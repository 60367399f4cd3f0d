"""Freeze a study by the hash of its content, and find what was shown to somebody years later."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.canonical import canonical_json
from portal.clock import Clock
from portal.db.engine import Database
from portal.study.domain import Study
from portal.study.errors import PeopleLeftOut, PublishedBefore, UnknownVersion
from portal.study.places import Place, left_out
from portal.study.store import StudyPublication

_VERSIONS = select(StudyPublication.content_hash).order_by(StudyPublication.id)
"""Asked for every page, so it is put together once."""


Occupied = Callable[[Session], Iterable[Place]]
"""Every place with somebody in it, and nobody can join another one until the session's transaction ends."""


@dataclass(frozen=True)
class Publication:
    """A frozen version of the study."""

    content_hash: str
    study: Study
    published_at: datetime


class StudyBook:
    """Every version that was ever published. Thread-safe; parsed versions are kept, since they never change."""

    def __init__(self, database: Database, clock: Clock, occupied: Occupied) -> None:
        self._database = database
        self._clock = clock
        self._occupied = occupied
        self._parsed = lru_cache(maxsize=32)(self._load)

    def publish(self, study: Study) -> Publication:
        """Freeze the study as it is. What is published now stays as it is. Raises as `add`."""
        with self._database.transaction() as session:
            self.add(session, study)
        return self.at(study.content_hash)

    def add(self, session: Session, study: Study) -> None:
        """The same in the caller's transaction. The only way in which a version becomes the present one.

        Raises:
            PeopleLeftOut: somebody is in a group or a site that it does not have.
            PublishedBefore: it was superseded.
        """
        self.keep_everybody(session, study)
        digest = study.content_hash
        versions = session.scalars(_VERSIONS).all()
        if versions and versions[-1] == digest:
            return
        if digest in versions:
            raise PublishedBefore("this was published before, and another version since")
        content = canonical_json(study.model_dump(mode="json")).decode()
        session.add(StudyPublication(content_hash=digest, content=content, published_at=self._clock()))

    def keep_everybody(self, session: Session, study: Study) -> None:
        """Raises PeopleLeftOut if the version lacks a group or a site with somebody in it, whatever became of her: her
        pages, her consents and the exports are made of it."""
        left = left_out(self._occupied(session), study, (one.study for one in self.all()))
        if left:
            raise PeopleLeftOut(left)

    def current(self) -> Publication:
        """What is published now. Raises UnknownVersion before the first publication."""
        versions = self._versions()
        if not versions:
            raise UnknownVersion("no version of the study is published yet: run `portal study publish FOLDER`")
        return self._parsed(versions[-1])

    def all(self) -> list[Publication]:
        """Every version that was published, oldest first."""
        return [self._parsed(digest) for digest in self._versions()]

    def levels(self) -> dict[str, str]:
        """Every level of withdrawal that there ever was, by its key, as it was called last."""
        return {level.key: level.label for one in self.all() for level in one.study.withdrawal.levels}

    def at(self, content_hash: str) -> Publication:
        """The version of this hash. Raises UnknownVersion."""
        return self._parsed(content_hash)

    def _versions(self) -> Sequence[str]:
        """The hashes of every version, oldest first."""
        return self._database.once("the study's versions", self._ask_versions)

    def _ask_versions(self) -> Sequence[str]:
        with self._database.reading() as session:
            return session.scalars(_VERSIONS).all()

    def _load(self, content_hash: str) -> Publication:
        with self._database.reading() as session:
            found = session.scalars(
                select(StudyPublication).where(StudyPublication.content_hash == content_hash)
            ).one_or_none()
        if found is None:
            raise UnknownVersion(f"no published version has the hash {content_hash}")
        return Publication(found.content_hash, Study.model_validate_json(found.content), found.published_at)
