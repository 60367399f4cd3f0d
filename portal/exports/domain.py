"""What an export is, and how a table is written so that no program takes a text for a formula."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from portal.sentence import Sentence

SMALL = 5
"""Fewer people than this with one answer may be recognised by it."""
DECLINED = "PNTS"
"""How an answer that she preferred not to give is written."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "＝", "＋", "－", "＠")


SEVERAL = ", "
"""Stands between the sites of an export."""
MANY = "*"
"""More sites than the record has room for."""
Words = Sentence | str
"""What the portal says, or what the study's documents say."""


@dataclass(frozen=True)
class Reader:
    """Whom an export explains itself to."""

    language: str
    """As HTML wants it: "en", "cy", "ar"."""
    direction: str
    """ltr or rtl."""
    tell: Callable[[Words], str]
    """Gives the words in her language; also after the request that asked for the export, since it is written then."""


ENGLISH = Reader("en", "ltr", str)


class ExportKind(StrEnum):
    """What can be taken out."""

    DATA = "data"
    """Answers and facts by study ID, with dictionary and codebook."""
    REGISTER = "register"
    """The consent register of a site."""
    SITE_FILE = "site-file"
    """Everything that a site's file needs, with what proves it."""


@dataclass(frozen=True)
class Export:
    """An export as it was recorded. Without `sha256` it was cut off, and what arrived is not whole."""

    id: int
    kind: ExportKind
    site: str
    """Keys of the sites that it was made of, with `SEVERAL` between; empty for all there are, `MANY` for very many."""
    purpose: str
    words: str
    staff_id: int
    started_at: datetime
    finished_at: datetime | None
    sha256: str | None
    size: int | None
    people: int | None
    small_cells: int | None


@dataclass
class Tally:
    """What was counted while an export was written."""

    people: int = 0
    small_cells: int = 0


@dataclass(frozen=True)
class Variable:
    """A column of the data."""

    name: str
    label: Words
    kind: str
    """One of text, date, number, year, choice, yes_no."""
    choices: Mapping[str, Words] = field(default_factory=dict)
    group: str = ""
    """The only group that is asked, or "" for everybody."""
    question: str = ""
    """Key of the questionnaire's question that it holds, or of which it holds one choice."""
    choice: str = ""
    """For a question with several answers: the one choice that the column stands for."""
    answer: Words = ""
    """That choice in words."""
    statement: str = ""
    """Key of the consent form's statement that it holds."""
    effect: str = ""
    """What statements allow, of which it tells whether it is allowed now."""
    forms: frozenset[str] = frozenset()
    """Hashes of the questionnaires or consent forms that asked it. Under another form its key meant something else."""
    versions: str = ""
    """Numbers of the study's versions that asked it; empty for what every version has."""
    minimum: int | None = None
    maximum: int | None = None
    notes: tuple[Words, ...] = ()


def defused(text: str) -> str:
    """The text with an apostrophe before what a spreadsheet would run as a formula (OWASP's rule)."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def csv_line(cells: Iterable[object]) -> bytes:
    """A line of CSV (RFC 4180) in UTF-8. Numbers stand as they are; every text is defused."""
    written = io.StringIO()
    csv.writer(written).writerow(
        [defused(one) if isinstance(one, str) else "" if one is None else one for one in cells]
    )
    return written.getvalue().encode("utf-8")


@dataclass
class SmallCells:
    """Counts answers, and tells which were given by so few that they may be recognised."""

    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def add(self, group: str, variables: Sequence[Variable], row: Mapping[str, object]) -> None:
        """Count a row's choices."""
        for one in variables:
            value = row.get(one.name)
            if one.kind in ("choice", "yes_no") and one.question and value not in (None, "", 0, DECLINED):
                self.counts[group, one.name, str(value)] += 1

    def found(self) -> list[tuple[str, str, str, int]]:
        """Group, column, value and people, where there are fewer than `SMALL`."""
        return sorted((*key, people) for key, people in self.counts.items() if people < SMALL)
