"""A receipt's content, as primitives only: what was shown, what was answered, who signed, where it stands in the chain."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Shown:
    """A document as it was shown."""

    title: str
    version: str
    date: str
    status: str
    language: str
    content_hash: str


@dataclass(frozen=True)
class Answered:
    """A statement as it was shown, and its answer."""

    text: str
    kind: str
    answer: bool
    initials: str
    statement_hash: str


@dataclass(frozen=True)
class Signed:
    """One simple electronic signature. `drawn` is an SVG path in a box of 600 by 200, or empty."""

    role: str
    name: str
    at: datetime
    meaning: str
    drawn: str = ""


@dataclass(frozen=True)
class Record:
    """One record to make a receipt of. `kind` is consent, countersignature or withdrawal."""

    kind: str
    reference: str
    title: str
    study_title: str
    iras_id: str
    ethics: str
    sponsor: str
    study_id: str
    group: str
    site: str
    language: str
    at: datetime
    documents: tuple[Shown, ...]
    statements: tuple[Answered, ...]
    facts: tuple[tuple[str, str], ...]
    signatures: tuple[Signed, ...]
    chain_seq: int
    chain_hash: str
    attachments: Mapping[str, str] = field(default_factory=dict)
    """Texts to attach by file name, such as the information sheet as Markdown."""

    def as_data(self) -> dict[str, object]:
        """The record for canonical JSON, moments as ISO 8601 in UTC."""
        data = asdict(self)
        data.pop("attachments")
        return _dated(data)


@dataclass(frozen=True)
class Receipt:
    """A sealed receipt in the ledger."""

    kind: str
    reference: str
    sha256: str
    level: str
    sealed_at: datetime


def _dated(value: object) -> dict[str, object]:
    def walk(part: object) -> object:
        if isinstance(part, datetime):
            return part.isoformat(timespec="seconds")
        if isinstance(part, dict):
            return {key: walk(item) for key, item in part.items()}
        if isinstance(part, list | tuple):
            return [walk(item) for item in part]
        return part

    walked = walk(value)
    assert isinstance(walked, dict)  # noqa: S101 - a record is a mapping
    return walked
