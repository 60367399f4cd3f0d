"""Tell what a receipt is and whether it is whole, from the file and the study's public certificate alone."""

import hashlib
import json
from collections.abc import Callable, Sequence
from io import BytesIO

from asn1crypto import cms, pem, x509
from pyhanko.pdf_utils.generic import DictionaryObject
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import SigningError
from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_sig_integrity
from pyhanko.sign.validation.status import PdfSignatureStatus
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import PathError

from portal.canonical import canonical_json, sha256_hex
from portal.receipts.der import first_value, is_der
from portal.receipts.domain import FORMAT, RECORD_NAME
from portal.receipts.errors import ReceiptError
from portal.receipts.findings import Reason, Said, Verdict
from portal.receipts.structure import Seal, seals

LARGEST = 5_000_000
"""Bytes. Receipts have about 50 000 and what is enclosed."""
_DIGESTS = ("sha256", "sha384", "sha512")
_UNREADABLE = (
    PdfError, SignatureValidationError, SigningError, PathError,
    ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError,
)  # fmt: skip
"""What the libraries raise on a signature whose unsigned parts were altered; they promise no single error."""


class NotACertificate(ReceiptError):
    """The given file is not a certificate in PEM."""


class _Refused(Exception):
    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


def verify(pdf: bytes, certificates: bytes, issued: Callable[[str], bool] | None = None) -> Verdict:
    """Check a file. Takes time and memory in proportion to its size, whatever is in it.

    Args:
        certificates: the study's public certificates, PEM, one or more.
        issued: asks the ledger whether it holds a receipt of this SHA-256; None when offline.

    Raises:
        NotACertificate: the certificates cannot be read.
    """
    trusted = read_certificates(certificates)
    digest = sha256_hex(pdf)
    try:
        signer = _check_bytes(pdf, trusted)
        said = _read(pdf, signer)
    except _Refused as refused:
        return Verdict(refused.reason, digest)
    if issued is not None and not issued(digest):
        return Verdict(Reason.NOT_IN_LEDGER, digest, said)
    return Verdict(Reason.WHOLE, digest, said)


def read_certificates(data: bytes) -> tuple[x509.Certificate, ...]:
    """The certificates in PEM. Raises NotACertificate."""
    try:
        found = tuple(x509.Certificate.load(der, strict=True) for _, _, der in pem.unarmor(data, multiple=True))
        for one in found:
            one.public_key.native  # noqa: B018 - asn1crypto reads when asked
    except (ValueError, TypeError) as error:
        raise NotACertificate("this is not a certificate in PEM") from error
    return found


def _check_bytes(pdf: bytes, trusted: Sequence[x509.Certificate]) -> x509.Certificate:
    """The certificate whose key sealed every byte of the file."""
    if len(pdf) > LARGEST:
        raise _Refused(Reason.TOO_LARGE)
    if not pdf.startswith(b"%PDF-"):
        raise _Refused(Reason.NOT_PDF)
    found = list(seals(pdf))
    covering = [seal for seal in found if seal.end == len(pdf)]
    if len(covering) == 1:
        return _check_seal(pdf, covering[0], trusted)
    if covering:
        raise _Refused(Reason.CHANGED)
    raise _Refused(_why_not_covered(pdf, found, trusted))


def _why_not_covered(pdf: bytes, found: Sequence[Seal], trusted: Sequence[x509.Certificate]) -> Reason:
    for seal in found:
        try:
            _check_seal(pdf, seal, trusted)
        except _Refused:
            continue
        return Reason.ADDED_TO if b"startxref" in pdf[seal.end :] else Reason.TRAILING
    if found:
        return Reason.CHANGED
    return Reason.ENCRYPTED if b"/Encrypt" in pdf else Reason.NOT_SEALED


def _check_seal(pdf: bytes, seal: Seal, trusted: Sequence[x509.Certificate]) -> x509.Certificate:
    try:
        signed, signer = _signature(seal)
        embedded = [choice.chosen.dump() for choice in signed["certificates"]]
        ours = next((one for one in trusted if one.dump() in embedded and _names(signer, one)), None)
        if ours is None:
            raise _Refused(Reason.OTHER_SEAL)
        algorithm = signer["digest_algorithm"]["algorithm"].native
        if algorithm not in _DIGESTS:
            raise _Refused(Reason.CHANGED)
        actual = hashlib.new(algorithm, seal.covered(pdf)).digest()
        intact, valid = validate_sig_integrity(signer, ours, "data", actual)
    except _UNREADABLE as error:
        raise _Refused(Reason.CHANGED) from error
    if not (intact and valid):
        raise _Refused(Reason.CHANGED)
    return ours


def _signature(seal: Seal) -> tuple[cms.SignedData, cms.SignerInfo]:
    """The CMS inside a seal, written in the one way that DER allows and followed by zeros only.

    Read no deeper than its own parts: what a stranger packs into a time stamp's place costs much more to read than it
    is long. Raises what `_UNREADABLE` holds, too.
    """
    der = first_value(seal.contents)
    if seal.contents[len(der) :].strip(b"\0") or not is_der(der):
        raise _Refused(Reason.CHANGED)
    signed = cms.ContentInfo.load(der, strict=True)["content"]
    signers = list(signed["signer_infos"])
    if not _plain(signed, signers):
        raise _Refused(Reason.CHANGED)
    return signed, signers[0]


def _plain(signed: cms.SignedData, signers: Sequence[cms.SignerInfo]) -> bool:
    """Whether the parts of the CMS that no signature covers are just as we write them: nobody changed those either."""
    if len(signers) != 1 or signed["crls"].native is not None:
        return False
    signer, inner = signers[0], signed["encap_content_info"]
    versions = (signed["version"].native, signer["version"].native)
    digests = [one.dump() for one in signed["digest_algorithms"]]
    extras = {one["type"].native for one in signer["unsigned_attrs"] or ()}
    return (
        versions == ("v1", "v1")
        and digests == [signer["digest_algorithm"].dump()]
        and inner["content_type"].native == "data"
        and inner["content"].native is None
        and extras <= {"signature_time_stamp_token"}
    )


def stamp_holds(pdf: bytes, certificate_pem: bytes, roots: Sequence[x509.Certificate]) -> bool:
    """Whether a file that we have just sealed ourselves carries a time stamp that holds.

    Args:
        roots: who must vouch for the stamp; empty asks nobody.
    """
    signer = read_certificates(certificate_pem)[0]
    try:
        status = _second_opinion(PdfFileReader(BytesIO(pdf)), signer, roots)
    except (_Refused, *_UNREADABLE):
        return False
    stamp = status.timestamp_validity
    return stamp is not None and (bool(stamp.trusted) or not roots)


def _names(signer: cms.SignerInfo, certificate: x509.Certificate) -> bool:
    chosen = signer["sid"].chosen
    if not isinstance(chosen, cms.IssuerAndSerialNumber):
        return False
    same_serial: bool = chosen["serial_number"].native == certificate.serial_number
    return same_serial and chosen["issuer"].dump() == certificate.issuer.dump()


def _read(pdf: bytes, signer: x509.Certificate) -> Said:
    """What the receipt says. The file is known to be the organisation's own, so it may be parsed."""
    try:
        reader = PdfFileReader(BytesIO(pdf))
        status = _second_opinion(reader, signer)
        record = _record(reader)
        fingerprint = bytes.fromhex(sha256_hex(record))[:16]
        if bytes(reader.trailer["/ID"][0].original_bytes) != fingerprint:
            raise _Refused(Reason.RECORD_DIFFERS)
        return _said(record, signer, status)
    except _UNREADABLE as error:
        raise _Refused(Reason.CHANGED) from error


def _second_opinion(
    reader: PdfFileReader, signer: x509.Certificate, time_roots: Sequence[x509.Certificate] = ()
) -> PdfSignatureStatus:
    """PyHanko's whole check, which also looks at the structure and at a time stamp.

    The certificate is trusted because it is the study's, so its own dates do not matter here.
    """
    found = reader.embedded_regular_signatures
    if len(found) != 1:
        raise _Refused(Reason.CHANGED)
    context = ValidationContext(trust_roots=[signer], allow_fetching=False)
    times = ValidationContext(trust_roots=list(time_roots), allow_fetching=False)
    status = validate_pdf_signature(found[0], context, ts_validation_context=times)
    good = status.intact and status.valid and status.coverage == SignatureCoverageLevel.ENTIRE_FILE
    stamp = status.timestamp_validity
    if not good or (stamp is not None and not (stamp.intact and stamp.valid)):
        raise _Refused(Reason.CHANGED)
    return status


def _record(reader: PdfFileReader) -> bytes:
    for file in reader.root.get("/AF", ()):
        specification = file.get_object()
        if isinstance(specification, DictionaryObject) and specification.get("/UF") == RECORD_NAME:
            data: bytes = specification["/EF"]["/F"].data
            return data
    raise _Refused(Reason.NOT_A_RECEIPT)


def _said(record: bytes, signer: x509.Certificate, status: PdfSignatureStatus) -> Said:
    try:
        values = json.loads(record)
        if values["format"] != FORMAT or canonical_json(values) != record:
            raise _Refused(Reason.NOT_A_RECEIPT)
        stamp = status.timestamp_validity
        return Said(
            kind=values["kind"],
            reference=values["reference"],
            study=values["study"]["title"],
            participant=values["participant"]["study_id"],
            made_at=values["made_at"],
            sealed_by=signer.subject.native.get("organization_name", signer.subject.human_friendly),
            stamped_at=stamp.timestamp if stamp is not None else None,
        )
    except (ValueError, KeyError, TypeError) as error:
        raise _Refused(Reason.NOT_A_RECEIPT) from error
