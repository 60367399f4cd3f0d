"""Seal a PDF with the organisation's key, invisibly: PAdES B-B, or B-T where an outside time stamp is to be had."""

from collections.abc import Callable
from io import BytesIO

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.fields import InvisSigSettings, MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.timestamps import HTTPTimeStamper, TimeStamper, TimestampRequestError

from portal.clock import Clock
from portal.receipts.certificates import SealingKey
from portal.receipts.errors import SealFailed, SealKeyUnavailable

BASELINE = "PAdES B-B"
WITH_TIME = "PAdES B-T"
_FIELD = "Seal"
_SECONDS_FOR_TIME = 5


def time_stamper(url: str) -> TimeStamper | None:
    """Asks an RFC 3161 service; None when the address is empty."""
    return HTTPTimeStamper(url, timeout=_SECONDS_FOR_TIME) if url else None


class Sealer:
    """Seals with one key, which is opened when first needed: a missing key stops no consent. Thread-safe."""

    def __init__(self, open_key: Callable[[], SealingKey], clock: Clock, stamper: TimeStamper | None = None) -> None:
        """
        Args:
            open_key: gives the key or raises SealKeyUnavailable; asked again until it gives one.
            stamper: gives time stamps, see `time_stamper`.
        """
        self._open_key = open_key
        self._clock = clock
        self._stamper = stamper
        self._key: SealingKey | None = None

    @property
    def key(self) -> SealingKey:
        """The key. Raises SealKeyUnavailable."""
        if self._key is None:
            self._key = self._open_key()
        return self._key

    def seal(self, pdf: bytes, reason: str) -> tuple[bytes, str]:
        """The sealed PDF and the level reached. A time-stamping service that is down only lowers the level.

        Raises:
            SealKeyUnavailable: there is no usable key now.
            SealFailed: the PDF could not be sealed.
        """
        key = self.key
        if not key.not_before <= self._clock() <= key.not_after:
            raise SealKeyUnavailable("the sealing certificate is not valid today: supply a new one")
        if self._stamper is not None:
            try:
                return self._sign(pdf, key, reason, self._stamper), WITH_TIME
            except (TimestampRequestError, OSError, TimeoutError):
                pass  # the service is down: no time is better than a made-up one, and the level says so
        return self._sign(pdf, key, reason, None), BASELINE

    def _sign(self, pdf: bytes, key: SealingKey, reason: str, stamper: TimeStamper | None) -> bytes:
        signer = SimpleSigner.load_pkcs12_data(key.pkcs12, [], key.passphrase.encode() or None)
        if signer is None:
            raise SealKeyUnavailable("the sealing key does not open")
        details = PdfSignatureMetadata(
            field_name=_FIELD,
            md_algorithm="sha256",
            subfilter=SigSeedSubFilter.PADES,
            reason=reason,
            certify=True,
            docmdp_permissions=MDPPerm.NO_CHANGES,
        )
        place = SigFieldSpec(
            _FIELD,
            invis_sig_settings=InvisSigSettings(box_out_of_bounds=True),
            readable_field_name="Seal of the organisation",
        )
        sealed = BytesIO()
        try:
            PdfSigner(details, signer, timestamper=stamper, new_field_spec=place).sign_pdf(
                IncrementalPdfFileWriter(BytesIO(pdf)), output=sealed
            )
        except (SigningError, PdfError, ValueError) as error:
            raise SealFailed(f"the PDF could not be sealed: {type(error).__name__}") from error
        return sealed.getvalue()
