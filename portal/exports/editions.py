"""The published versions of the study as the data names them: by their number, the first being 1."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from portal.clock import london_day
from portal.exports.domain import csv_line
from portal.study.domain import Study
from portal.study.service import Publication

_HEAD = (
    "version", "published_on", "sha256", "group", "information_sheet_version", "consent_form_version",
    "questionnaire_version",
)  # fmt: skip


@dataclass(frozen=True)
class Edition:
    """A published version."""

    number: int
    publication: Publication

    @property
    def study(self) -> Study:
        """The study as it was then."""
        return self.publication.study


def editions(publications: Iterable[Publication]) -> tuple[Edition, ...]:
    """The versions, oldest first as they come."""
    return tuple(Edition(number, one) for number, one in enumerate(publications, 1))


def numbers(versions: Iterable[int]) -> str:
    """1, 2, 3."""
    return ", ".join(str(one) for one in sorted(set(versions)))


def versions_csv(known: Sequence[Edition]) -> Iterator[bytes]:
    """Which version has which documents, a line for each group."""
    yield csv_line(_HEAD)
    for one in known:
        for group, documents in one.study.documents.items():
            yield csv_line(
                (
                    one.number, london_day(one.publication.published_at).isoformat(), one.publication.content_hash,
                    group, documents.information_sheet.version, documents.consent.version,
                    documents.questionnaire.version,
                )
            )  # fmt: skip
