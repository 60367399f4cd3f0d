"""What a receipt says: the record that is printed, attached as JSON, and sealed.

A record is plain facts that the server knows; nothing of it comes from the browser at the time of printing. Features
build one from what they stored and hand it to `ReceiptService.issue`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum

from portal.canonical import canonical_json, sha256_hex
from portal.receipts.drawings import Picture, Strokes
from portal.receipts.errors import InvalidRecord

FORMAT = "portal-receipt/1"
"""Names the shape of the JSON record, so that a reader in twenty years knows which rules it follows."""


class Kind(StrEnum):
    """What a receipt is for."""

    CONSENT = "consent"
    COUNTERSIGNATURE = "countersignature"
    WITHDRAWAL = "withdrawal"
    INTERVIEW = "interview"


@dataclass(frozen=True)
class StudyFacts:
    """The study as it was when the record was made."""

    title: str
    short_title: str
    iras_id: str
    rec_name: str
    rec_reference: str
    sponsor: str
    contact_name: str
    contact_email: str
    site: str = ""
    colour: str = "#212b32"
    """The sponsor's colour, "#rrggbb". It changes how the receipt looks, not what it says: the JSON leaves it out."""
    draft: bool = False
    """True while a document is a draft: the receipt then says on every page that it is a demonstration."""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", self.colour):
            raise InvalidRecord("the sponsor's colour must look like #005a64")


@dataclass(frozen=True)
class DocumentShown:
    """A document as it was shown, named by its content's hash."""

    title: str
    version: str
    date: date
    language: str
    content_hash: str


@dataclass(frozen=True)
class StatementAnswered:
    """A statement as it was shown, and the answer."""

    key: str
    text: str
    mandatory: bool
    answer: bool
    initials: str
    content_hash: str


@dataclass(frozen=True)
class Fact:
    """Anything else worth a line, such as the method of an identity check or the level of a withdrawal."""

    label: str
    value: str


@dataclass(frozen=True)
class Signature:
    """One person's signature: the typed name counts; a drawing may stand beside it."""

    role: str
    """What the person is here, in the record's language, such as "Participant"."""
    name: str
    """As the person typed it, in any script."""
    meaning: str
    """The declaration that was shown above the signature."""
    signed_at: datetime
    drawing: Strokes | Picture | None = None


@dataclass(frozen=True)
class ChainHead:
    """The audit trail's last event when the record was made: an anchor that a cut or rewritten trail cannot match."""

    seq: int
    hash: str
    checkpoint: str = ""
    """The same as a note signed by the portal, so that the receipt itself can prove it."""


@dataclass(frozen=True)
class EarlierReceipt:
    """A receipt that this one builds on, such as the consent that is countersigned."""

    kind: Kind
    reference: str
    sha256: str


@dataclass(frozen=True)
class Enclosure:
    """A file that travels inside the receipt, such as the information sheet as it was shown."""

    name: str
    media_type: str
    description: str
    content: bytes


@dataclass(frozen=True)
class Record:
    """Everything that one receipt says. Texts are in `language`, except what a person typed."""

    kind: Kind
    reference: str
    language: str
    made_at: datetime
    study: StudyFacts
    participant: str
    """The study ID."""
    group: str
    documents: tuple[DocumentShown, ...] = ()
    statements: tuple[StatementAnswered, ...] = ()
    facts: tuple[Fact, ...] = ()
    notes: tuple[str, ...] = ()
    signatures: tuple[Signature, ...] = ()
    earlier: tuple[EarlierReceipt, ...] = ()
    chain: ChainHead | None = None
    enclosures: tuple[Enclosure, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        for moment in (self.made_at, *(signature.signed_at for signature in self.signatures)):
            if moment.tzinfo is None:
                raise InvalidRecord("every moment of a record needs its time zone")
        names = [RECORD_NAME, *(enclosure.name for enclosure in self.enclosures)]
        if len(set(names)) != len(names):
            raise InvalidRecord("two enclosures have the same name")
        if not all(name and "/" not in name and name.isascii() and name.isprintable() for name in names):
            raise InvalidRecord("an enclosure's name must be a plain file name in ASCII")

    def as_json(self) -> bytes:
        """The record in canonical JSON: the same facts always give the same bytes."""
        return canonical_json(_record(self))

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of the JSON. It is printed on the receipt, which ties the page to the attachment."""
        return sha256_hex(self.as_json())


RECORD_NAME = "record.json"
"""The attachment that holds the record."""


@dataclass(frozen=True)
class Receipt:
    """A sealed receipt that was kept. `level` is "PAdES B-B", or "PAdES B-T" with an outside time stamp."""

    reference: str
    kind: Kind
    sha256: str
    sealed_at: datetime
    level: str
    certificate: str
    """SHA-256 (hex) of the certificate whose key sealed it."""

    @property
    def file_name(self) -> str:
        """What the downloaded file is called: nothing personal, safe in a header."""
        safe = "".join(letter for letter in self.reference if letter.isascii() and (letter.isalnum() or letter == "-"))
        return f"{self.kind.value}-receipt-{safe}.pdf"


def utc(moment: datetime) -> str:
    """A moment as the JSON writes it: ISO 8601 in UTC with microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _record(record: Record) -> Mapping[str, object]:
    return {
        "format": FORMAT,
        "kind": record.kind.value,
        "reference": record.reference,
        "language": record.language,
        "made_at": utc(record.made_at),
        "study": _study(record.study),
        "participant": {"study_id": record.participant, "group": record.group},
        "documents": [_document(one) for one in record.documents],
        "statements": [_statement(one) for one in record.statements],
        "facts": [{"label": one.label, "value": one.value} for one in record.facts],
        "notes": list(record.notes),
        "signatures": [_signature(one) for one in record.signatures],
        "earlier_receipts": [
            {"kind": one.kind.value, "reference": one.reference, "sha256": one.sha256} for one in record.earlier
        ],
        "audit_head": _chain(record.chain) if record.chain else None,
        "enclosures": [
            {"name": one.name, "media_type": one.media_type, "sha256": sha256_hex(one.content)}
            for one in record.enclosures
        ],
    }


def _chain(head: ChainHead) -> Mapping[str, object]:
    return {"seq": head.seq, "hash": head.hash, **({"checkpoint": head.checkpoint} if head.checkpoint else {})}


def _study(study: StudyFacts) -> Mapping[str, object]:
    return {
        "title": study.title,
        "short_title": study.short_title,
        "iras_id": study.iras_id,
        "rec_name": study.rec_name,
        "rec_reference": study.rec_reference,
        "sponsor": study.sponsor,
        "contact": {"name": study.contact_name, "email": study.contact_email},
        "site": study.site,
        "draft": study.draft,
    }


def _document(document: DocumentShown) -> Mapping[str, object]:
    return {
        "title": document.title,
        "version": document.version,
        "date": document.date.isoformat(),
        "language": document.language,
        "sha256": document.content_hash,
    }


def _statement(statement: StatementAnswered) -> Mapping[str, object]:
    return {
        "key": statement.key,
        "text": statement.text,
        "mandatory": statement.mandatory,
        "answer": "yes" if statement.answer else "no",
        "initials": statement.initials,
        "sha256": statement.content_hash,
    }


def _signature(signature: Signature) -> Mapping[str, object]:
    return {
        "role": signature.role,
        "name": signature.name,
        "meaning": signature.meaning,
        "signed_at": utc(signature.signed_at),
        "kind": "simple electronic signature",
        "drawing": _drawing(signature.drawing),
    }


def _drawing(drawing: Strokes | Picture | None) -> Mapping[str, str] | None:
    if drawing is None:
        return None
    if isinstance(drawing, Picture):
        return {"media_type": "image/png", "sha256": sha256_hex(drawing.png)}
    return {"media_type": "image/svg+xml", "sha256": sha256_hex(drawing.as_svg().encode())}
