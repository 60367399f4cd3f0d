"""What every part of a study is made of: short texts, keys, versions, documents."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from portal.canonical import canonical_json, sha256_hex

Text = Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]
GroupKey = Literal["carer", "practitioner"] | Key
Effect = Literal["recording", "quotes", "future_contact", "summary_of_results", "data_sharing"]


class Frozen(BaseModel):
    """What every part shares: no unknown keys, no changes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Version(Frozen):
    """What every document says of itself."""

    document: Literal[
        "information-sheet",
        "privacy",
        "debrief",
        "consent",
        "comprehension",
        "questionnaire",
        "topic-guide",
        "distress-protocol",
    ]
    group: GroupKey
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$")]
    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+$")]
    date: date
    status: Literal["draft", "approved"]
    title: Text

    @property
    def content_hash(self) -> str:
        """SHA-256 (hex) over the whole document's canonical JSON."""
        return sha256_hex(canonical_json(self.model_dump(mode="json")))


class Section(Frozen):
    """A part of a document under a second-level heading. The body is Markdown."""

    key: Key
    heading: Text
    body: Annotated[str, StringConstraints(min_length=1, max_length=40_000)]


class Document(Version):
    """An information sheet, a privacy notice, a debrief sheet or a distress protocol."""

    sections: tuple[Section, ...] = Field(min_length=1)
