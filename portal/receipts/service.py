"""Issue a receipt for a record, once; find it; check a file against the ledger."""

import structlog
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.canonical import sha256_hex
from portal.clock import Clock
from portal.db.engine import Database
from portal.db.errors import StorageUnavailable
from portal.receipts import verify
from portal.receipts.domain import Receipt, Record
from portal.receipts.errors import ReceiptUnknown, SealFailed
from portal.receipts.render import Renderer
from portal.receipts.seal import Sealer
from portal.receipts.store import ReceiptRow

log = structlog.get_logger(__name__)


class ReceiptService:
    """Renders, seals and keeps receipts. The server alone makes them: no byte comes from a browser."""

    def __init__(
        self, database: Database, clock: Clock, renderer: Renderer, sealer: Sealer, certificate_pem: bytes
    ) -> None:
        self._database = database
        self._clock = clock
        self._renderer = renderer
        self._sealer = sealer
        self.certificate_pem = certificate_pem

    def issue(self, record: Record) -> Receipt:
        """The record's receipt, made now if there is none yet. Two callers at once get the same one.

        Raises:
            SealFailed: not now; the record stands and a duty tries again.
        """
        known = self._find(record.reference)
        if known is not None:
            return known
        try:
            pdf, level = self._sealer.seal(self._renderer.pdf(record), reason=record.title)
            row = ReceiptRow(
                kind=record.kind, reference=record.reference, sha256=sha256_hex(pdf), level=level, pdf=pdf,
                chain_seq=record.chain_seq, chain_hash=record.chain_hash, sealed_at=self._clock(),
            )  # fmt: skip
            with self._database.transaction() as session:
                session.add(row)
        except IntegrityError:
            return self.receipt(record.reference)
        except StorageUnavailable as error:
            raise SealFailed("the receipt could not be stored") from error
        except Exception as error:
            # Whatever a renderer or a signing library throws, the consent stands and the duty tries again.
            log.error("receipt not sealed", kind=record.kind, error=type(error).__name__)
            raise SealFailed(type(error).__name__) from error
        return row.as_receipt()

    def receipt(self, reference: str) -> Receipt:
        """Raises ReceiptUnknown."""
        found = self._find(reference)
        if found is None:
            raise ReceiptUnknown(f"no receipt {reference}")
        return found

    def find(self, reference: str) -> Receipt | None:
        """The receipt, or None while it is not sealed yet."""
        return self._find(reference)

    def pdf(self, reference: str) -> bytes:
        """The sealed file. Raises ReceiptUnknown."""
        with self._database.reading() as session:
            found = session.scalars(select(ReceiptRow.pdf).where(ReceiptRow.reference == reference)).one_or_none()
        if found is None:
            raise ReceiptUnknown(f"no receipt {reference}")
        return found

    def verify(self, pdf: bytes) -> verify.Verdict:
        """Check a file against the seal and the ledger."""
        return verify.verify(pdf, self.certificate_pem, self._issued)

    def anchors(self) -> dict[int, str]:
        """Every receipt's place in the audit chain, by sequence number."""
        with self._database.reading() as session:
            return {seq: digest for seq, digest in session.execute(select(ReceiptRow.chain_seq, ReceiptRow.chain_hash))}

    def document_pdf(self, title: str, body_html: str, footer: str, language: str) -> bytes:
        """A study document as PDF, to keep or to print."""
        return self._renderer.document(title, body_html, footer, language)

    def _issued(self, sha256: str) -> bool:
        with self._database.reading() as session:
            return session.scalar(select(ReceiptRow.id).where(ReceiptRow.sha256 == sha256)) is not None

    def _find(self, reference: str) -> Receipt | None:
        with self._database.reading() as session:
            row = session.scalars(select(ReceiptRow).where(ReceiptRow.reference == reference)).one_or_none()
            return row.as_receipt() if row else None
