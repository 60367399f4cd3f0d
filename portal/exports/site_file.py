"""A site's file in one archive: what was shown, what was signed, who was delegated, and what proves all of it."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from markupsafe import escape

from portal.canonical import canonical_json
from portal.db.engine import Database
from portal.exports.archive import Archive
from portal.exports.domain import Reader, Tally, csv_line
from portal.exports.explaining import Line, listed, text
from portal.exports.extract import audit_extract
from portal.exports.gather import Gathering, Person
from portal.exports.register import BOM, register
from portal.receipts.domain import Kind, Receipt
from portal.receipts.errors import UnknownReceipt
from portal.receipts.service import ReceiptService
from portal.sentence import said
from portal.study.domain import ConsentForm, Study
from portal.study.markdown import to_html
from portal.study.parts import Document
from portal.study.service import Publication, StudyBook

VERIFIER = Path(__file__).with_name("verify_pack.py")
DelegationLog = Callable[[Collection[str] | None], Iterable[tuple[str, ...]]]
"""The delegation log of some sites (None: all) as lines of text, its head first."""

NOT_SEALED = "not sealed yet"
"""What the ledger says of a receipt that is due: the archive is to be made again once it is there."""
_STATEMENTS = {"mandatory": said("mandatory"), "optional": said("optional")}
_FILES: tuple[Line, ...] = (
    ("study/", said("every published version: study.json as it was frozen, its documents as HTML and PDF")),
    ("consent-register.csv", said("who consented to which version when, by study ID")),
    ("receipts/", said("the sealed receipts of consents, countersignatures and withdrawals (they hold names)")),
    ("receipts.csv", said("the ledger of receipts, with the SHA-256 of each")),
    ("delegation-log.csv", said("who of these sites was given which task, from when to when, signed by whom")),
    ("audit-extract.jsonl", said("what the audit trail says of these participants, their interviews and recordings")),
    ("seal-certificate.pem", said("the study's public certificate")),
    ("manifest.json", said("the SHA-256 of every file")),
)


class SiteFile:
    """Writes the archive."""

    def __init__(
        self,
        database: Database,
        studies: StudyBook,
        gathering: Gathering,
        receipts: ReceiptService,
        delegation_log: DelegationLog,
    ) -> None:
        self._database = database
        self._studies = studies
        self._gathering = gathering
        self._receipts = receipts
        self._delegation_log = delegation_log

    def archive(self, sites: Collection[str] | None, tally: Tally, reader: Reader) -> Iterator[bytes]:
        """The archive, piece by piece."""
        archive = Archive()
        for publication in self._studies.all():
            yield from self._documents(archive, publication, reader)
        yield from archive.add("consent-register.csv", register(self._gathering, sites, tally))
        yield from self._sealed(archive, sites)
        lines = (csv_line(one) for one in self._delegation_log(sites))
        yield from archive.add("delegation-log.csv", _marked(lines))
        yield from archive.add("audit-extract.jsonl", audit_extract(self._database, self._gathering, sites))
        yield from archive.add("seal-certificate.pem", [self._receipts.certificate_pem])
        yield from archive.add("verify.py", [VERIFIER.read_bytes()])
        yield from archive.add("README.txt", [_readme(self._studies.current().study, reader)])
        manifest = canonical_json({"format": "portal-site-file/1", "sha256": archive.members})
        yield from archive.add("manifest.json", [manifest])
        yield from archive.finish()

    def _sealed(self, archive: Archive, sites: Collection[str] | None) -> Iterator[bytes]:
        """Each receipt as it was sealed, and the ledger of them."""
        ledger = [BOM, csv_line(("file", "kind", "study_id", "reference", "sha256", "sealed_at", "note"))]
        for chunk in self._gathering.people(sites):
            for person in chunk:
                for kind, reference in _references(person):
                    receipt = self._receipts.find(reference)
                    if receipt is None:
                        waits = ("", kind.value, person.participant.study_id, reference, "", "", NOT_SEALED)
                        ledger.append(csv_line(waits))
                        continue
                    content = self._pdf(reference)
                    name = f"receipts/{person.participant.study_id}/{receipt.file_name}"
                    ledger.append(_ledger_line(name if content else "", person, receipt))
                    if content:
                        yield from archive.add(name, [content])
        yield from archive.add("receipts.csv", ledger)

    def _pdf(self, reference: str) -> bytes:
        """The sealed file; nothing if it was erased with its participant's key."""
        try:
            return self._receipts.pdf(reference)
        except UnknownReceipt:
            return b""

    def _documents(self, archive: Archive, publication: Publication, reader: Reader) -> Iterator[bytes]:
        """A version of the study: the frozen content, and each document to read and to print."""
        folder = f"study/{publication.published_at.date().isoformat()}-{publication.content_hash[:12]}"
        content = canonical_json(publication.study.model_dump(mode="json"))
        yield from archive.add(f"{folder}/study.json", [content])
        for group, documents in publication.study.documents.items():
            sheets = (documents.information_sheet, documents.privacy, documents.debrief)
            for one in (*(_sheet(sheet) for sheet in sheets), _consent(documents.consent, reader)):
                version = reader.tell(said("Version %(version)s", version=one.version))
                footer = reader.tell(said("IRAS ID %(number)s", number=publication.study.iras_id)) + f", {version}"
                printed = self._receipts.document_pdf(one.title, one.body, footer, one.language)
                yield from archive.add(f"{folder}/{group}-{one.name}.html", [_html(one, version)])
                yield from archive.add(f"{folder}/{group}-{one.name}.pdf", [printed])


@dataclass(frozen=True)
class _Readable:
    """A document of the study as a page. The body is sanitised HTML."""

    name: str
    title: str
    version: str
    language: str
    body: str


def _sheet(document: Document) -> _Readable:
    parts = "".join(f"<h2>{escape(one.heading)}</h2>{to_html(one.body)}" for one in document.sections)
    version = f"{document.version}, {document.date}, {document.status}"
    return _Readable(document.document, document.title, version, document.language, parts)


def _consent(form: ConsentForm, reader: Reader) -> _Readable:
    statements = "".join(
        f"<li>{escape(one.text)} ({escape(reader.tell(_STATEMENTS[one.kind]))})</li>" for one in form.statements
    )
    body = f"<p>{escape(form.intro)}</p><ol>{statements}</ol><p>{escape(form.declaration)}</p>"
    return _Readable("consent", form.title, form.version, form.language, body)


def _html(one: _Readable, version: str) -> bytes:
    return (
        f'<!DOCTYPE html><html lang="{escape(one.language)}"><head><meta charset="utf-8"><title>{escape(one.title)}'
        f"</title></head><body><h1>{escape(one.title)}</h1><p>{escape(version)}</p>{one.body}"
        "</body></html>\n"
    ).encode()


def _references(person: Person) -> Iterator[tuple[Kind, str]]:
    """Whatever a receipt is due for."""
    for one in person.consents:
        yield Kind.CONSENT, one.reference
        if one.countersigned:
            yield Kind.COUNTERSIGNATURE, one.countersigned.reference
        yield from ((Kind.WITHDRAWAL, two.reference) for two in one.withdrawals)


def _ledger_line(name: str, person: Person, receipt: Receipt) -> bytes:
    note = "" if name else "erased"
    at = receipt.sealed_at.isoformat(timespec="seconds")
    return csv_line(
        (name, receipt.kind.value, person.participant.study_id, receipt.reference, receipt.sha256, at, note)
    )


def _marked(lines: Iterator[bytes]) -> Iterator[bytes]:
    yield BOM
    yield from lines


def _readme(study: Study, reader: Reader) -> bytes:
    about = (
        said("Site file of: %(study)s", study=study.title),
        said(
            "IRAS ID %(number)s, REC reference %(reference)s",
            number=study.iras_id, reference=study.ethics.reference,
        ),
    )  # fmt: skip
    checking = (
        said("To check all of it without the portal, with Python 3.9 or newer and nothing else:"),
        "    python3 verify.py",
        said(
            "It checks that no file was changed, that each receipt is the one of the ledger, that each version of the"
            " study has the hash that the consents name, and that no event of the extract was changed."
        ),
        said("To check the seals too, with the portal's own program or with poppler's:"),
        "    portal verify receipts/C-0001/FILE.pdf --certificate seal-certificate.pem",
        "    pdfsig receipts/C-0001/FILE.pdf",
    )
    return text((about, listed(_FILES, reader), checking), reader)
