"""What a new version of a consent form changes, for re-consent."""

from collections.abc import Mapping
from dataclasses import dataclass

from portal.study.domain import ConsentForm, Statement
from portal.study.parts import Document


@dataclass(frozen=True)
class Change:
    """A statement that must be answered anew, and what it said before (None if it is new)."""

    statement: Statement
    before: str | None


def changed_statements(form: ConsentForm, answered: Mapping[str, tuple[str, str]]) -> tuple[Change, ...]:
    """The statements of the form whose hash differs from what was answered.

    Args:
        answered: by statement key, the hash and the text as they were shown.
    """
    found = []
    for statement in form.statements:
        known = answered.get(statement.key)
        if known is None or known[0] != statement.hash_in(form.language):
            found.append(Change(statement, known[1] if known else None))
    return tuple(found)


def changed_sections(old: Document, new: Document) -> tuple[str, ...]:
    """Keys of the new sheet's sections whose heading or text differs."""
    before = {section.key: section for section in old.sections}
    return tuple(section.key for section in new.sections if before.get(section.key) != section)
