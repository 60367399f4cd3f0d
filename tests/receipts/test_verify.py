import re
import time
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter

from portal.cli.verify import verify as command
from portal.receipts import certificates
from portal.receipts.certificates import SealingKey
from portal.receipts.findings import Reason
from portal.receipts.render import Renderer, _attached
from portal.receipts.seal import Sealer
from portal.receipts.verify import LARGEST, NotACertificate, verify
from tests.receipts.conftest import NOW, a_record


def reason(pdf: bytes, key: SealingKey) -> Reason:
    return verify(pdf, key.certificate_pem).reason


def test_it_tells_what_a_whole_receipt_says(sealed: bytes, key: SealingKey) -> None:
    verdict = verify(sealed, key.certificate_pem)
    assert verdict.whole
    assert verdict.said is not None
    assert verdict.said.reference == "C-7QK2-M4XB-9TWD"
    assert verdict.said.participant == "C-0007"
    assert verdict.said.made_at == "2026-11-24T14:33:12.345678Z"
    assert verdict.said.sealed_by == "Invented University"
    assert verdict.said.stamped_at is None


def test_it_finds_the_right_one_of_several_certificates(sealed: bytes, key: SealingKey, tmp_path: Path) -> None:
    other = certificates.load_or_make(tmp_path, organisation="Invented University", at=NOW)
    assert verify(sealed, other.certificate_pem + key.certificate_pem).whole


def test_it_rejects_a_changed_byte_wherever_it_is(sealed: bytes, key: SealingKey) -> None:
    for at in range(0, len(sealed), 97):
        changed = bytearray(sealed)
        changed[at] ^= 0x01
        assert not verify(bytes(changed), key.certificate_pem).whole, at


def test_it_rejects_a_changed_byte_anywhere_in_the_seal_itself(sealed: bytes, key: SealingKey) -> None:
    found = re.search(rb"/ByteRange \[0 (\d+) (\d+)", sealed)
    assert found is not None
    start, end = int(found[1]), int(found[2])
    for at in range(start, end, 13):
        for replacement in (b"0", b"F", b"a"):
            changed = sealed[:at] + replacement + sealed[at + 1 :]
            if changed != sealed:
                assert not verify(changed, key.certificate_pem).whole, (at - start, replacement)


def test_it_names_a_changed_page(sealed: bytes, key: SealingKey) -> None:
    at = sealed.index(b"stream") + 20
    changed = sealed[:at] + bytes([sealed[at] ^ 0xFF]) + sealed[at + 1 :]
    assert reason(changed, key) is Reason.CHANGED


def test_it_rejects_an_appended_update(sealed: bytes, key: SealingKey) -> None:
    writer = PdfWriter(BytesIO(sealed), incremental=True)
    writer.add_metadata({"/Title": "Something else"})
    out = BytesIO()
    writer.write(out)
    assert out.getvalue().startswith(sealed)
    assert reason(out.getvalue(), key) is Reason.ADDED_TO


@pytest.mark.parametrize("junk", [b"\n", b"junk", b"%%EOF", b"\0" * 4096])
def test_it_rejects_bytes_after_the_end(sealed: bytes, key: SealingKey, junk: bytes) -> None:
    assert reason(sealed + junk, key) is Reason.TRAILING


def test_it_rejects_a_cut_tail(sealed: bytes, key: SealingKey) -> None:
    assert not verify(sealed[:-1], key.certificate_pem).whole


def test_it_rejects_another_organisations_seal(unsealed: bytes, key: SealingKey, tmp_path: Path) -> None:
    """The forger may even take the same name."""
    forged = certificates.load_or_make(tmp_path, organisation="Invented University", at=NOW)
    pdf, _ = Sealer(lambda: forged, lambda: NOW).seal(unsealed, "Receipt")
    assert reason(pdf, key) is Reason.OTHER_SEAL


def test_it_rejects_a_pdf_without_a_seal(unsealed: bytes, key: SealingKey) -> None:
    assert reason(unsealed, key) is Reason.NOT_SEALED


def test_it_rejects_what_is_not_a_pdf(key: SealingKey) -> None:
    for other in (b"", b"hello", b"PK\x03\x04", b"\xef\xbb\xbf%PDF-1.7"):
        assert reason(other, key) is Reason.NOT_PDF


def test_it_rejects_an_encrypted_pdf(unsealed: bytes, key: SealingKey) -> None:
    writer = PdfWriter(clone_from=PdfReader(BytesIO(unsealed)))
    writer.encrypt("secret", algorithm="RC4-128")
    out = BytesIO()
    writer.write(out)
    assert reason(out.getvalue(), key) is Reason.ENCRYPTED


def test_it_rejects_a_sealed_pdf_that_is_no_receipt(renderer: Renderer, sealer: Sealer, key: SealingKey) -> None:
    pdf, _ = sealer.seal(renderer.document("A sheet", "<p>Text</p>", "Version 0.1", "en"), "Sheet")
    assert reason(pdf, key) is Reason.NOT_A_RECEIPT


def test_it_rejects_a_record_that_the_page_was_not_made_from(
    sealer: Sealer, key: SealingKey, renderer: Renderer
) -> None:
    """Even under our own seal: the file's identifier names another record than the one inside."""
    record = a_record()
    mixed_up = renderer._press.print(renderer.page(record), b"0" * 16, _attached(record)).pdf
    assert reason(sealer.seal(mixed_up, "Receipt")[0], key) is Reason.RECORD_DIFFERS


def test_it_refuses_a_huge_file_at_once(key: SealingKey) -> None:
    assert reason(b"%PDF-" + b"\0" * LARGEST, key) is Reason.TOO_LARGE


@pytest.mark.parametrize(
    "bomb",
    [
        b"/ByteRange [0 10 20 30]" * 200_000,
        b"/ByteRange" + b" " * 4_000_000,
        b"/ByteRange [" * 300_000,
        b"/ByteRange [0 " + b"9" * 4_000_000,
        b"[" * 4_000_000,
        b"<<" * 2_000_000,
        b"/Encrypt " * 400_000,
    ],
    ids=["ranges", "spaces", "open", "digits", "arrays", "dictionaries", "encrypt"],
)
def test_a_hostile_file_costs_little_time(key: SealingKey, bomb: bytes) -> None:
    started = time.thread_time()
    assert not verify(b"%PDF-1.7\n" + bomb + b"\n%%EOF", key.certificate_pem).whole
    assert time.thread_time() - started < 3


def test_a_strangers_file_is_never_parsed(unsealed: bytes, key: SealingKey, monkeypatch: pytest.MonkeyPatch) -> None:
    def parsed(*_: object) -> None:
        raise AssertionError("parsed")

    monkeypatch.setattr("portal.receipts.verify.PdfFileReader", parsed)
    assert reason(unsealed, key) is Reason.NOT_SEALED


@example(b"<" + b"30" * 20 + b">")
@example(b"<" + b"3080" * 9000 + b">")
@given(st.binary(max_size=300).map(lambda der: b"<" + der.hex().upper().encode() + b">"))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_in_the_place_of_a_seal_are_refused(key: SealingKey, gap: bytes) -> None:
    head = b"%PDF-1.7\n"
    for length in (10, 12, 14, 16, 18, 60):
        tail = b" /ByteRange [0 %d %d %d]" % (len(head), len(head) + len(gap), length)
        tail = tail.ljust(length) if len(tail) <= length else tail
        assert not verify(head + gap + tail, key.certificate_pem).whole


def test_it_asks_the_ledger_when_there_is_one(sealed: bytes, key: SealingKey) -> None:
    assert verify(sealed, key.certificate_pem, lambda _: False).reason is Reason.NOT_IN_LEDGER
    assert verify(sealed, key.certificate_pem, lambda _: True).whole


def test_it_refuses_a_certificate_that_is_none(sealed: bytes) -> None:
    with pytest.raises(NotACertificate):
        verify(sealed, b"nothing")


def test_the_command_tells_by_its_exit_code(sealed: bytes, key: SealingKey, tmp_path: Path) -> None:
    (tmp_path / "good.pdf").write_bytes(sealed)
    (tmp_path / "bad.pdf").write_bytes(sealed + b"x")
    (tmp_path / "seal.pem").write_bytes(key.certificate_pem)
    (tmp_path / "none.pem").write_bytes(b"nothing")

    def run(file: str, certificate: str) -> tuple[int, str]:
        done = CliRunner().invoke(command, [str(tmp_path / file), "--certificate", str(tmp_path / certificate)])
        return done.exit_code, done.output

    code, said = run("good.pdf", "seal.pem")
    assert code == 0
    assert "whole" in said
    assert run("bad.pdf", "seal.pem")[0] == 1
    assert run("good.pdf", "none.pem")[0] == 2
