"""Seal a PDF with the organisation's certificate, invisibly, so that any later change shows."""

import io

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers, timestamps
from pyhanko.sign.fields import InvisSigSettings, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.timestamps import TimestampRequestError

from portal.receipts.errors import CertificateError

FIELD = "Seal"


class Sealer:
    """PAdES B-B with P-256 and SHA-256; B-T where a time-stamping service is configured and answers."""

    def __init__(self, pkcs12_data: bytes, passphrase: str, timestamp_url: str = "") -> None:
        signer = signers.SimpleSigner.load_pkcs12_data(pkcs12_data, [], passphrase.encode() or None)
        if signer is None:
            raise CertificateError("the PKCS#12 file of the seal does not open: wrong passphrase, or damaged")
        self._signer = signer
        self._timestamper = timestamps.HTTPTimeStamper(timestamp_url, timeout=5) if timestamp_url else None

    def seal(self, pdf: bytes, *, reason: str) -> tuple[bytes, str]:
        """The sealed PDF and the level reached: "B-T" or "B-B" (no time stamp wanted, or none to be had)."""
        if self._timestamper is not None:
            try:
                return self._sign(pdf, reason, self._timestamper), "B-T"
            except (TimestampRequestError, OSError):
                return self._sign(pdf, reason, None), "B-B"
        return self._sign(pdf, reason, None), "B-B"

    def _sign(self, pdf: bytes, reason: str, timestamper: timestamps.TimeStamper | None) -> bytes:
        meta = signers.PdfSignatureMetadata(
            field_name=FIELD, md_algorithm="sha256", reason=reason, subfilter=SigSeedSubFilter.PADES
        )
        spec = SigFieldSpec(
            FIELD,
            invis_sig_settings=InvisSigSettings(box_out_of_bounds=True),
            readable_field_name="Seal of the organisation",
        )
        out = io.BytesIO()
        signers.PdfSigner(meta, self._signer, timestamper=timestamper, new_field_spec=spec).sign_pdf(
            IncrementalPdfFileWriter(io.BytesIO(pdf)), output=out
        )
        return out.getvalue()
