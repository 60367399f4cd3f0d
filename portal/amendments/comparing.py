"""What a new version of the study changes, side by side, down to the words."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from portal.canonical import sha256_hex
from portal.study.domain import ConsentForm, Documents, Statement, Study
from portal.study.parts import Document, Version

Mark = Literal["same", "gone", "new"]
_WORD = re.compile(r"\s+|[^\s]+")
_PARTS = {"sections", "statements"}
_SHOWN_APART = {"documents"}


@dataclass(frozen=True)
class Words:
    """A stretch of text, and whether it stayed."""

    mark: Mark
    text: str


@dataclass(frozen=True)
class Row:
    """One part in both versions, such as a section or a statement. None: it is not in that version."""

    name: str
    before: str | None
    after: str | None

    @property
    def old(self) -> list[Words]:
        """The text before, with what is gone marked."""
        return [one for one in _marked(self.before or "", self.after or "") if one.mark != "new"]

    @property
    def new(self) -> list[Words]:
        """The text after, with what is new marked."""
        return [one for one in _marked(self.before or "", self.after or "") if one.mark != "gone"]


@dataclass(frozen=True)
class DocumentChange:
    """What changes in one document of a group."""

    group: str
    document: str
    before: Version | None
    after: Version | None
    rows: tuple[Row, ...]

    @property
    def version_stays(self) -> bool:
        """Whether the text changes under the same version number, which it must not."""
        return self.before is not None and self.after is not None and self.before.version == self.after.version


@dataclass(frozen=True)
class Comparison:
    """Everything that a new version changes."""

    study: tuple[Row, ...]
    documents: tuple[DocumentChange, ...]

    @property
    def empty(self) -> bool:
        """True if nothing changes."""
        return not self.study and not self.documents


def compare(old: Study, new: Study) -> Comparison:
    """Compare two versions."""
    before, after = old.model_dump(mode="json", exclude=_SHOWN_APART), new.model_dump(mode="json", exclude=_SHOWN_APART)
    for dumped in (before, after):
        dumped["sponsor"]["logo"] = sha256_hex(dumped["sponsor"]["logo"].encode())[:12]
    groups = dict.fromkeys([*old.documents, *new.documents])
    found = [one for group in groups for one in _documents(group, old.documents.get(group), new.documents.get(group))]
    return Comparison(tuple(_rows(_flat(before), _flat(after))), tuple(found))


def _documents(group: str, old: Documents | None, new: Documents | None) -> Iterator[DocumentChange]:
    before, after = _by_name(old), _by_name(new)
    for name in dict.fromkeys([*before, *after]):
        one, other = before.get(name), after.get(name)
        if one is None or other is None or one.content_hash != other.content_hash:
            yield DocumentChange(group, name, one, other, tuple(_rows(_texts(one), _texts(other))))


def _by_name(documents: Documents | None) -> dict[str, Version]:
    return {one.document: one for one in documents.all} if documents else {}


def _texts(document: Version | None) -> dict[str, str]:
    """The document's parts by name, as a person would compare them."""
    if document is None:
        return {}
    parts = _flat(document.model_dump(mode="json", exclude=_PARTS))
    if isinstance(document, Document):
        parts |= {one.heading: one.body.strip() for one in document.sections}
    elif isinstance(document, ConsentForm):
        parts |= {one.key: _statement(one) for one in document.statements}
    return parts


def _statement(one: Statement) -> str:
    allows = f" (allows: {one.effect.replace('_', ' ')})" if one.effect else ""
    return f"{one.text}\n[{one.kind}{allows}]\nWhen answered with no: {one.explain}"


def _flat(value: object, name: str = "") -> dict[str, str]:
    """Every simple value by its path, such as "signature / kind"."""
    if isinstance(value, Mapping):
        items: Sequence[tuple[str, object]] = [(str(key), item) for key, item in value.items()]
    elif isinstance(value, list):
        items = [(_label(item, number), item) for number, item in enumerate(value, 1)]
    else:
        return {name: "" if value is None else str(value)}
    found: dict[str, str] = {}
    for key, item in items:
        found |= _flat(item, f"{name} / {key}" if name else key.replace("_", " "))
    return found


def _label(item: object, number: int) -> str:
    """Parts of a list are known by their key or name if they have one, so that an insertion moves none of them."""
    if isinstance(item, Mapping):
        return str(item.get("key") or item.get("name") or item.get("what") or number)
    return str(number)


def _rows(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Row]:
    for name in dict.fromkeys([*after, *before]):
        if before.get(name) != after.get(name):
            yield Row(name, before.get(name), after.get(name))


def _marked(before: str, after: str) -> list[Words]:
    old, new = _WORD.findall(before), _WORD.findall(after)
    found: list[Words] = []
    for deed, i, j, k, m in difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if deed == "equal":
            found.append(Words("same", "".join(old[i:j])))
        else:
            found += [Words("gone", "".join(old[i:j]))] if j > i else []
            found += [Words("new", "".join(new[k:m]))] if m > k else []
    return found
