"""Tell what a receipt is and whether it is whole, with nothing but the file and the study's public certificate."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from asn1crypto import pem, x509
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import SigningError
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError, ValidationInfoReadingError
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import PathError

from portal.canonical import sha256_hex
from portal.receipts.render import RECORD_NAME

LARGEST = 5_000_000
_JSON_LARGEST = 2_000_000
_END = b"%%EOF"


class Finding(StrEnum):
    """What a check came to."""

    WHOLE = "whole"
    TOO_LARGE = "too_large"
    NOT_PDF = "not_pdf"
    NOT_SEALED = "not_sealed"
    OTHER_SEAL = "other_seal"
    CHANGED = "changed"
    ADDED_TO = "added_to"
    NOT_A_RECEIPT = "not_a_receipt"
    NOT_IN_LEDGER = "not_in_ledger"


@dataclass(frozen=True)
class Verdict:
    """The finding, and what the receipt says of itself when it is whole."""

    finding: Finding
    sha256: str
    kind: str = ""
    reference: str = ""
    at: str = ""
    study_id: str = ""
    level: str = ""

    @property
    def whole(self) -> bool:
        """True only for a receipt that is exactly as it was sealed."""
        return self.finding is Finding.WHOLE


def verify(pdf: bytes, certificate_pem: bytes, known: Callable[[str], bool] | None = None) -> Verdict:
    """Check a file.

    Args:
        known: asks the ledger whether a receipt of this SHA-256 was ever issued; None when offline.
    """
    digest = sha256_hex(pdf)
    if len(pdf) > LARGEST:
        return Verdict(Finding.TOO_LARGE, digest)
    if not pdf.startswith(b"%PDF-"):
        return Verdict(Finding.NOT_PDF, digest)
    if not pdf.rstrip(b"\r\n").endswith(_END):
        return Verdict(Finding.ADDED_TO, digest)
    try:
        verdict = _check(pdf, digest, load_certificate(certificate_pem))
    except (PdfError, SignatureValidationError, ValidationInfoReadingError, SigningError, PathError):
        return Verdict(Finding.CHANGED, digest)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OverflowError):
        return Verdict(Finding.CHANGED, digest)  # pyHanko's parser on hostile bytes; nothing is trusted from here
    if verdict.whole and known is not None and not known(digest):
        return Verdict(Finding.NOT_IN_LEDGER, digest)
    return verdict


def load_certificate(pem_data: bytes) -> x509.Certificate:
    """The study's public certificate from PEM."""
    _, _, der = pem.unarmor(pem_data)
    found = x509.Certificate.load(der)
    return found


def _check(pdf: bytes, digest: str, certificate: x509.Certificate) -> Verdict:
    reader = PdfFileReader(io.BytesIO(pdf))
    if reader.encrypted:
        return Verdict(Finding.NOT_A_RECEIPT, digest)
    seals = list(reader.embedded_signatures)
    if not seals:
        return Verdict(Finding.NOT_SEALED, digest)
    if len(seals) != 1 or seals[0].signer_cert.dump() != certificate.dump():
        return Verdict(Finding.OTHER_SEAL, digest)
    status = validate_pdf_signature(seals[0], ValidationContext(trust_roots=[certificate], allow_fetching=False))
    if not (status.intact and status.valid):
        return Verdict(Finding.CHANGED, digest)
    if status.coverage is not SignatureCoverageLevel.ENTIRE_FILE or not _bottom(status):
        return Verdict(Finding.ADDED_TO, digest)
    return _described(reader, digest, "B-T" if status.timestamp_validity else "B-B")


def _bottom(status: PdfSignatureStatus) -> bool:
    """pyHanko's own summary; a self-made certificate is trusted because it is the one we were given."""
    return bool(status.bottom_line)


def _described(reader: PdfFileReader, digest: str, level: str) -> Verdict:
    data = _record(reader)
    if data is None:
        return Verdict(Finding.NOT_A_RECEIPT, digest)
    kind, reference, at, study_id = (str(data.get(key, "")) for key in ("kind", "reference", "at", "study_id"))
    return Verdict(Finding.WHOLE, digest, kind, reference, at, study_id, level)


def _record(reader: PdfFileReader) -> dict[str, object] | None:
    names = reader.root["/Names"]["/EmbeddedFiles"]["/Names"]
    for at in range(0, min(len(names), 40), 2):
        file = names[at + 1]
        if str(file.get("/UF", "")) == RECORD_NAME:
            stream = file["/EF"]["/F"]
            if int(stream.get("/Params", {}).get("/Size", 0)) > _JSON_LARGEST:
                return None
            found = json.loads(stream.data)
            return found if isinstance(found, dict) else None
    return None
