from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from portal.canonical import sha256_hex
from portal.db.engine import Database
from portal.receipts.certificates import CERTIFICATE_FILE, KEY_FILE, SealingKey, load, load_or_make
from portal.receipts.domain import Kind
from portal.receipts.errors import ReceiptError, SealFailed, SealKeyUnavailable, UnknownReceipt
from portal.receipts.findings import Reason
from portal.receipts.seal import Sealer
from portal.receipts.service import ReceiptService
from tests.receipts.conftest import HASH, NOW, a_record


def test_it_keeps_a_receipt_that_verifies(receipts: ReceiptService) -> None:
    receipt = receipts.issue(a_record())
    pdf = receipts.pdf(receipt.reference)
    assert receipt.sha256 == sha256_hex(pdf)
    assert receipt.level == "PAdES B-B"
    assert receipt.file_name == "consent-receipt-C-7QK2-M4XB-9TWD.pdf"
    assert receipts.verify(pdf).whole
    assert receipts.anchors() == {41: HASH}


def test_it_issues_once(receipts: ReceiptService) -> None:
    first = receipts.issue(a_record())
    assert receipts.issue(a_record(group="Told later")) == first


def test_callers_at_once_get_the_same_one(receipts: ReceiptService, database: Database) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(receipts.issue, [a_record()] * 4))
    assert len(set(made)) == 1
    with database.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM receipt")) == 1


def test_it_rejects_a_reference_of_another_kind(receipts: ReceiptService) -> None:
    receipts.issue(a_record())
    with pytest.raises(ReceiptError):
        receipts.issue(a_record(kind=Kind.WITHDRAWAL))


def test_a_missing_key_fails_now_and_works_later(
    service_with: Callable[[Sealer], ReceiptService], key: SealingKey
) -> None:
    keys: list[SealingKey] = []

    def open_key() -> SealingKey:
        if not keys:
            raise SealKeyUnavailable("no key yet")
        return keys[0]

    receipts = service_with(Sealer(open_key, lambda: NOW))
    with pytest.raises(SealFailed):
        receipts.issue(a_record())
    assert receipts.find(a_record().reference) is None
    keys.append(key)
    assert receipts.issue(a_record()).reference == a_record().reference


def test_an_expired_certificate_seals_nothing(
    service_with: Callable[[Sealer], ReceiptService], key: SealingKey
) -> None:
    late = replace(key, not_after=NOW.replace(year=2020))
    with pytest.raises(SealKeyUnavailable):
        service_with(Sealer(lambda: late, lambda: NOW)).issue(a_record())


def test_a_database_that_cannot_keep_it_is_a_failed_seal(receipts: ReceiptService, database: Database) -> None:
    with database.transaction() as session:
        session.execute(text("DROP TABLE receipt"))
    with pytest.raises(SealFailed):
        receipts.issue(a_record())


def test_old_receipts_verify_after_the_certificate_changed(
    receipts: ReceiptService, service_with: Callable[[Sealer], ReceiptService], tmp_path: Path
) -> None:
    pdf = receipts.pdf(receipts.issue(a_record()).reference)
    new = load_or_make(tmp_path / "new", organisation="Invented University", at=NOW)
    assert service_with(Sealer(lambda: new, lambda: NOW)).verify(pdf).whole


def test_a_receipt_sealed_elsewhere_with_our_key_is_not_in_the_ledger(receipts: ReceiptService, sealed: bytes) -> None:
    assert receipts.verify(sealed).reason is Reason.NOT_IN_LEDGER


def test_the_file_is_sealed_at_rest(receipts: ReceiptService, database: Database) -> None:
    receipts.issue(a_record())
    with database.reading() as session:
        stored = session.execute(text("SELECT pdf FROM receipt")).scalar_one()
    assert b"%PDF" not in stored


def test_an_unknown_reference_is_told(receipts: ReceiptService) -> None:
    with pytest.raises(UnknownReceipt):
        receipts.pdf("C-NONE")


def test_the_key_is_private_and_stays(tmp_path: Path) -> None:
    first = load_or_make(tmp_path, organisation="Invented University", at=NOW, passphrase="a passphrase")
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / CERTIFICATE_FILE).read_bytes() == first.certificate_pem
    again = load_or_make(tmp_path, organisation="Invented University", at=NOW, passphrase="a passphrase")
    assert again.fingerprint == first.fingerprint
    with pytest.raises(SealKeyUnavailable):
        load(tmp_path / KEY_FILE, "wrong")


def test_a_lost_key_is_not_replaced_in_silence(tmp_path: Path) -> None:
    load_or_make(tmp_path, organisation="Invented University", at=NOW)
    (tmp_path / KEY_FILE).unlink()
    with pytest.raises(SealKeyUnavailable, match="restore"):
        load_or_make(tmp_path, organisation="Invented University", at=NOW)
