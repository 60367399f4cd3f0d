"""Put a participant's copy together: to read, for programs, and the receipts as they were sealed."""

import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import escape

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.canonical import canonical_json, sha256_hex
from portal.own_copy import events
from portal.own_copy.domain import File, FileSource, PartSource, Tell
from portal.people.domain import Participant
from portal.sentence import said
from portal.study.service import StudyBook

_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Chapter:
    """A part, told in a language."""

    title: str
    lines: tuple[tuple[str, str], ...]


class OwnCopyService:
    """Everything that is held about one participant, from every feature."""

    def __init__(
        self, audit: AuditLog, studies: StudyBook, parts: Sequence[PartSource], files: Sequence[FileSource]
    ) -> None:
        self._audit = audit
        self._studies = studies
        self._parts = tuple(parts)
        self._files = tuple(files)

    def make(self, person: Participant, *, actor: Actor, for_whom: str, tell: Tell) -> bytes:
        """The copy as a ZIP file. That it was made is on record before it leaves.

        Args:
            for_whom: "herself", or "team" for a copy that the team hands to her.
            tell: into the language of whoever asks for it.
        """
        parts = [
            Chapter(tell(part.title), tuple((tell(label), tell(value)) for label, value in part.lines))
            for source in self._parts for part in source(person)
        ]  # fmt: skip
        files = [file for source in self._files for file in source(person)]
        content = self._archive(person, parts, files, tell)
        self._audit.note(
            events.MADE, actor=actor, subject=person.subject, for_whom=for_whom, sha256=sha256_hex(content),
            parts=len(parts),
        )  # fmt: skip
        return content

    def _archive(self, person: Participant, parts: Sequence[Chapter], files: Iterable[File], tell: Tell) -> bytes:
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            self._add(archive, "your-data.html", self._page(person, parts, tell))
            self._add(archive, "your-data.json", self._json(person, parts))
            for one in files:
                self._add(archive, one.name, one.content)
        return made.getvalue()

    def _add(self, archive: zipfile.ZipFile, name: str, content: bytes) -> None:
        info = zipfile.ZipInfo(name, _EPOCH)
        info.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(info, content)

    def _json(self, person: Participant, parts: Sequence[Chapter]) -> bytes:
        chapters = [{"title": one.title, "lines": [list(line) for line in one.lines]} for one in parts]
        study = self._studies.current().study
        return canonical_json({"study": study.title, "study_id": person.study_id, "parts": chapters})

    def _page(self, person: Participant, parts: Sequence[Chapter], tell: Tell) -> bytes:
        study = self._studies.current().study
        chapters = "".join(
            f"<h2>{escape(one.title)}</h2><dl>"
            + "".join(f"<dt>{escape(label)}</dt><dd>{escape(value)}</dd>" for label, value in one.lines)
            + "</dl>"
            for one in parts
        )
        officer = study.data_protection_officer
        heading = tell(said("What the study holds about you"))
        whose = tell(said("Study: %(title)s. Your study ID: %(number)s.", title=study.title, number=person.study_id))
        asking = tell(said("Questions about your data: %(name)s, %(email)s.", name=officer.name, email=officer.email))
        return (
            '<!DOCTYPE html><html dir="auto"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{escape(study.short_title)}</title></head><body><h1>{escape(heading)}</h1>"
            f"<p>{escape(whose)}</p>{chapters}<p>{escape(asking)}</p></body></html>\n"
        ).encode()
