"""From a record to a sealed, stored receipt, against a bare WeasyPrint render and P-256 seal of the same HTML."""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration

from portal.clock import now
from portal.db.base import Base
from portal.db.engine import Database
from portal.db.keyring import Keyring
from portal.db.personal_keys import PersonalKeys
from portal.receipts import certificates
from portal.receipts.domain import (
    ChainHead,
    DocumentShown,
    Enclosure,
    Kind,
    Record,
    Signature,
    StatementAnswered,
    StudyFacts,
)
from portal.receipts.render import Renderer
from portal.receipts.seal import Sealer
from portal.receipts.service import ReceiptService
from portal.settings import ROOT

ROUNDS = 25
GOAL = 1.5
HASH = "ab12cd34" * 8


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        ours, bare, level = measure(Path(folder))
    ratio = statistics.median(ours) / statistics.median(bare)
    result = {
        "name": "receipt",
        "figure": round(ratio, 3),
        "unit": "times",
        "against": "bare WeasyPrint render and P-256 seal of the same HTML, same run",
        "goal": GOAL,
        "met": ratio <= GOAL,
        "ours_ms": round(statistics.median(ours) * 1000, 1),
        "bare_ms": round(statistics.median(bare) * 1000, 1),
        "rounds": ROUNDS,
        "level": level,
    }
    print(json.dumps(result))
    sys.exit(0 if result["met"] else 1)


def measure(folder: Path) -> tuple[list[float], list[float], str]:
    key = certificates.load_or_make(folder / "keys", organisation="Invented University", at=now())
    templates = ROOT / "templates" / "receipts"
    renderer = Renderer(templates, ROOT / "translations", "https://study.example.org/verify")
    keyring = Keyring.new()
    keys = PersonalKeys(f"sqlite:///{folder / 'keys.sqlite3'}", keyring)
    database = Database(f"sqlite:///{folder / 'bench.sqlite3'}", keyring, keys)
    Base.metadata.create_all(database.engine, tables=[Base.metadata.tables["receipt"]])
    receipts = ReceiptService(database, now, renderer, Sealer(lambda: key, now))
    bare = Bare(renderer.page(record(0)).html, (templates / "receipt.css").read_text(encoding="utf-8"), key)
    ours_took, bare_took, level = [], [], ""
    for number in range(-3, ROUNDS):
        one = record(number + 3)
        ours_once, bare_once = took(lambda one=one: receipts.issue(one)), took(bare.make)
        if number >= 0:  # the first three warm up both
            ours_took.append(ours_once)
            bare_took.append(bare_once)
    level = receipts.receipt(record(0).reference).level
    database.dispose()
    return ours_took, bare_took, level


class Bare:
    """What the two libraries take when nothing is around them; fonts and styles read once, as ours."""

    def __init__(self, html: str, css: str, key: certificates.SealingKey) -> None:
        self.html, self.fonts = html, FontConfiguration()
        self.css = CSS(string=css, font_config=self.fonts)
        self.signer = SimpleSigner.load_pkcs12_data(key.pkcs12, [], None)

    def make(self) -> bytes:
        pdf = HTML(string=self.html).write_pdf(
            font_config=self.fonts, stylesheets=[self.css], pdf_variant="pdf/a-3a", pdf_identifier=b"0" * 16
        )
        details = PdfSignatureMetadata(field_name="Seal", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES)
        out = BytesIO()
        signer = PdfSigner(details, self.signer, new_field_spec=SigFieldSpec("Seal"))
        signer.sign_pdf(IncrementalPdfFileWriter(BytesIO(pdf)), output=out)
        return out.getvalue()


def took(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def record(number: int) -> Record:
    moment = datetime(2026, 11, 24, 14, 33, 12, tzinfo=UTC)
    study = StudyFacts(
        "An invented study", "Invented study", "310569", "Invented REC", "22/YH/0057", "Invented University",
        "Research team", "team@example.org",
    )  # fmt: skip
    text = "I have read the information sheet. I had time to think and to ask, and my questions were answered."
    whole = Record(
        Kind.CONSENT, "C-0", "en", moment, study, "C-0007", "Mother or carer",
        documents=(DocumentShown("Information sheet", "0.1", date(2026, 11, 24), "en", HASH),),
        statements=tuple(
            StatementAnswered(f"s{at}", text, mandatory=at < 8, answer=True, initials="AT", content_hash=HASH)
            for at in range(12)
        ),
        signatures=(Signature("Participant", "Anna Testperson", "I agree to take part.", moment),),
        chain=ChainHead(41, HASH),
        enclosures=(Enclosure("information-sheet.md", "text/markdown", "Information sheet", b"Some text. " * 1500),),
    )  # fmt: skip
    return replace(whole, reference=f"C-{number}")


if __name__ == "__main__":
    main()
