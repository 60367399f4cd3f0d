"""Issue a receipt for a record, once; find it again; check a file against the seal and the ledger."""

from collections.abc import Collection

import structlog
from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError

from portal.canonical import sha256_hex
from portal.clock import Clock
from portal.db.engine import Database
from portal.db.errors import KeyringError, StorageUnavailable
from portal.db.personal import OwnedBytes
from portal.receipts.domain import Receipt, Record
from portal.receipts.errors import ReceiptError, SealFailed, UnknownReceipt
from portal.receipts.findings import Verdict
from portal.receipts.render import Renderer
from portal.receipts.seal import Sealer
from portal.receipts.store import ReceiptRow
from portal.receipts.verify import verify

_SEALED = select(ReceiptRow.reference).where(ReceiptRow.reference.in_(bindparam("references", expanding=True)))

log = structlog.get_logger(__name__)


class ReceiptService:
    """Prints, seals and keeps receipts. The server alone makes them: no byte comes from a browser. Thread-safe."""

    def __init__(self, database: Database, clock: Clock, renderer: Renderer, sealer: Sealer) -> None:
        self._database = database
        self._clock = clock
        self._renderer = renderer
        self._sealer = sealer

    def issue(self, record: Record) -> Receipt:
        """The record's receipt, made now if there is none yet. Callers at once get the same one.

        Raises:
            SealFailed: not now. What the record stands for is untouched; a duty tries again.
            ReceiptError: the reference belongs to a receipt of another kind.
        """
        try:
            receipt = self.find(record.reference) or self._make(record)
        except (StorageUnavailable, OSError) as error:
            raise SealFailed(f"the receipt could not be kept: {type(error).__name__}") from error
        if receipt.kind is not record.kind:
            raise ReceiptError(f"{record.reference} is already a receipt of another kind")
        return receipt

    def find(self, reference: str) -> Receipt | None:
        """The receipt, or None while it is not sealed yet."""
        with self._database.reading() as session:
            row = session.scalars(select(ReceiptRow).where(ReceiptRow.reference == reference)).one_or_none()
            return row.as_receipt() if row else None

    def sealed_among(self, references: Collection[str]) -> frozenset[str]:
        """Which of the references have their receipt already, in one query."""
        if not references:
            return frozenset()
        with self._database.reading() as session:
            return frozenset(session.scalars(_SEALED, {"references": list(references)}))

    def receipt(self, reference: str) -> Receipt:
        """The receipt. Raises UnknownReceipt."""
        found = self.find(reference)
        if found is None:
            raise UnknownReceipt("there is no receipt of this reference")
        return found

    def pdf(self, reference: str) -> bytes:
        """The sealed file. Raises UnknownReceipt."""
        with self._database.reading() as session:
            found = session.scalars(select(ReceiptRow.pdf).where(ReceiptRow.reference == reference)).one_or_none()
        if found is None:
            raise UnknownReceipt("there is no receipt of this reference")
        return found

    def verify(self, pdf: bytes) -> Verdict:
        """Check a file against every certificate that this study sealed with, and against the ledger."""
        return verify(pdf, self.certificate_pem, self._issued)

    @property
    def certificate_pem(self) -> bytes:
        """The study's public certificates, the newest first. Raises SealKeyUnavailable before the first receipt."""
        with self._database.reading() as session:
            used = set(session.scalars(select(ReceiptRow.certificate).distinct()))
        try:
            newest = self._sealer.key.certificate_pem.decode("ascii")
        except SealFailed:
            if not used:
                raise
            return "".join(sorted(used)).encode("ascii")
        return "".join([newest, *sorted(used - {newest})]).encode("ascii")

    def anchors(self) -> dict[int, str]:
        """The audit event that each receipt names, as sequence number and hash."""
        with self._database.reading() as session:
            rows = session.execute(select(ReceiptRow.chain_seq, ReceiptRow.chain_hash))
            return {seq: digest for seq, digest in rows if seq is not None and digest is not None}

    def document_pdf(self, title: str, body_html: str, footer: str, language: str) -> bytes:
        """A document of the study as PDF, to keep or to print. `body_html` must be sanitised already."""
        return self._renderer.document(title, body_html, footer, language)

    def _make(self, record: Record) -> Receipt:
        printed = self._renderer.render(record)
        if not printed.complete:
            log.warning("receipt printed with letters missing: install more fonts", reference=record.reference)
        pdf, level = self._sealer.seal(printed.pdf, reason=f"Receipt {record.reference}")
        row = ReceiptRow(
            kind=record.kind.value,
            reference=record.reference,
            sha256=sha256_hex(pdf),
            sealed_at=self._clock(),
            level=level,
            certificate=self._sealer.key.certificate_pem.decode("ascii"),
            chain_seq=record.chain.seq if record.chain else None,
            chain_hash=record.chain.hash if record.chain else None,
            pdf=OwnedBytes(record.participant, pdf),
        )
        return self._keep(row)

    def _keep(self, row: ReceiptRow) -> Receipt:
        try:
            with self._database.transaction() as session:
                session.add(row)
        except IntegrityError:
            return self.receipt(row.reference)  # somebody else was faster: theirs is the receipt
        except KeyringError as error:
            raise SealFailed("the receipt could not be encrypted to be kept") from error
        return row.as_receipt()

    def _issued(self, sha256: str) -> bool:
        with self._database.reading() as session:
            return session.scalar(select(ReceiptRow.id).where(ReceiptRow.sha256 == sha256)) is not None
