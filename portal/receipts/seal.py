"""Seal a PDF with the organisation's key, invisibly: PAdES B-B, or B-T where an outside time stamp is to be had."""

from collections.abc import Callable, Sequence
from io import BytesIO

import structlog
from asn1crypto import x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.fields import InvisSigSettings, MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.timestamps import TimeStamper

from portal.clock import Clock
from portal.receipts.certificates import SealingKey
from portal.receipts.errors import SealFailed, SealKeyUnavailable
from portal.receipts.stamping import TimeService
from portal.receipts.verify import stamp_holds

log = structlog.get_logger(__name__)

BASELINE = "PAdES B-B"
WITH_TIME = "PAdES B-T"
_STAMPING = (OSError, SealFailed, TypeError, KeyError, AttributeError, AssertionError)
"""What pyHanko raises on a service that is down (TimestampRequestError is an OSError) or answers anything at all."""
_FIELD = "Seal"


class Sealer:
    """Seals with one key, which is opened when first needed: a missing key stops no consent. Thread-safe."""

    def __init__(
        self, open_key: Callable[[], SealingKey], clock: Clock, time_service: TimeService | None = None,
        time_roots: Sequence[x509.Certificate] = (),
    ) -> None:  # fmt: skip
        """
        Args:
            open_key: gives the key or raises SealKeyUnavailable; asked again until it gives one.
            time_service: gives time stamps.
            time_roots: who vouches for the time service; empty takes any stamp that holds.
        """
        self._open_key = open_key
        self._clock = clock
        self._time_service = time_service
        self._time_roots = time_roots
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
        stamped = self._stamped(pdf, key, reason)
        return (stamped, WITH_TIME) if stamped is not None else (self._sign(pdf, key, reason, None), BASELINE)

    def _stamped(self, pdf: bytes, key: SealingKey, reason: str) -> bytes | None:
        """Sealed with an outside time that holds, or None: no time is better than a doubtful one."""
        service = self._time_service
        stamper = service.stamper() if service else None
        if service is None or stamper is None:
            return None
        try:
            sealed = self._sign(pdf, key, reason, stamper)
        except _STAMPING as error:
            why = type(error).__name__
        else:
            if stamp_holds(sealed, key.certificate_pem, self._time_roots):
                return sealed
            why = "its time stamp does not hold"
        service.failed()
        log.warning("receipt sealed without an outside time", why=why)
        return None

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
