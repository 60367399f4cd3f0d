"""Time stamps by a real authority (OpenSSL), and by one that is down, slow, or answers anything at all."""

import subprocess
import time
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from asn1crypto import cms
from click.testing import CliRunner
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from portal.canonical import sha256_hex
from portal.cli.verify import verify as command
from portal.receipts import certificates
from portal.receipts.certificates import SealingKey
from portal.receipts.findings import Reason
from portal.receipts.seal import BASELINE, WITH_TIME, Sealer
from portal.receipts.service import ReceiptService
from portal.receipts.stamping import PAUSE, HttpTimeStamper, TimeService
from portal.receipts.structure import seals
from portal.receipts.verify import read_certificates, verify
from portal.settings import SettingsError
from tests.support import tsa
from tests.support.mail import free_port
from tests.support.world import StandingClock


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    with tsa.serving(tsa.make(tmp_path_factory.mktemp("tsa") / "one")) as made:
        yield made


@pytest.fixture(autouse=True)
def well_again(request):
    yield
    if "authority" in request.fixturenames:
        one = request.getfixturevalue("authority")
        one.answer, one.trickle, one.other_digest = None, 0, False


@pytest.fixture(scope="module")
def now_key(tmp_path_factory) -> SealingKey:
    """OpenSSL stamps with the machine's time, so the certificate must hold today."""
    folder = tmp_path_factory.mktemp("keys")
    return certificates.load_or_make(folder, organisation="Invented University", at=datetime.now(UTC))


@pytest.fixture
def clock():
    return StandingClock(datetime.now(UTC))


@pytest.fixture
def sealer_for(now_key, clock):
    def make(url, roots=(), seconds=60.0):
        return Sealer(lambda: now_key, clock, TimeService(lambda: HttpTimeStamper(url, seconds), clock), roots)

    return make


def roots(authority):
    return read_certificates(authority.root.read_bytes())


def test_a_stamped_receipt_holds_for_pyhanko_openssl_and_pdfsig(unsealed, sealer_for, authority, now_key, tmp_path):
    before = datetime.now(UTC) - timedelta(seconds=2)
    pdf, level = sealer_for(authority.url, roots(authority)).seal(unsealed, "Receipt")
    assert level == WITH_TIME
    said = verify(pdf, now_key.certificate_pem).said
    assert said is not None
    assert said.stamped_at is not None
    assert before <= said.stamped_at <= datetime.now(UTC)

    trusting = ValidationContext(trust_roots=list(roots(authority)), allow_fetching=False)
    ours = ValidationContext(trust_roots=list(read_certificates(now_key.certificate_pem)), allow_fetching=False)
    (found,) = PdfFileReader(BytesIO(pdf)).embedded_regular_signatures
    stamp = validate_pdf_signature(found, ours, ts_validation_context=trusting).timestamp_validity
    assert stamp is not None
    assert stamp.intact
    assert stamp.valid
    assert stamp.trusted

    signer = cms.ContentInfo.load(next(iter(seals(pdf))).contents)["content"]["signer_infos"][0]
    (token,) = [one["values"][0] for one in signer["unsigned_attrs"] if one["type"].native.startswith("signature_time")]
    (tmp_path / "token").write_bytes(token.dump())
    (tmp_path / "signature").write_bytes(signer["signature"].native)
    told = authority.openssl(
        "ts", "-verify", "-token_in", "-in", str(tmp_path / "token"), "-data", str(tmp_path / "signature"),
        "-CAfile", str(authority.root),
    )  # fmt: skip
    assert "Verification: OK" in told

    (tmp_path / "receipt.pdf").write_bytes(pdf)
    seen = subprocess.run(["pdfsig", str(tmp_path / "receipt.pdf")], capture_output=True, text=True, check=False).stdout
    assert "Signature is Valid" in seen
    assert "Total document signed" in seen

    (tmp_path / "seal.pem").write_bytes(now_key.certificate_pem)
    shown = CliRunner().invoke(command, [str(tmp_path / "receipt.pdf"), "--certificate", str(tmp_path / "seal.pem")])
    assert shown.exit_code == 0
    assert "seal seen by an outside time service at" in shown.output


def test_tampering_shows_in_a_stamped_receipt_too(unsealed, sealer_for, authority, now_key):
    pdf, _ = sealer_for(authority.url).seal(unsealed, "Receipt")
    whole = sha256_hex(pdf)
    (seal,) = seals(pdf)
    last = seal.gap_start + 2 * len(seal.contents.rstrip(b"\0"))
    algorithm = pdf.index(b"0609608648016503040201") + 8  # a library that knows no such algorithm would go on for ever
    for at in (200, algorithm, seal.gap_start - 30, *range(seal.gap_start + 1, last, 97), last + 40, len(pdf) - 40):
        altered = pdf[:at] + (b"0" if pdf[at : at + 1] != b"0" else b"1") + pdf[at + 1 :]
        assert not verify(altered, now_key.certificate_pem, lambda digest: digest == whole).whole


def test_a_file_full_of_other_peoples_stamped_seals_costs_little_time(unsealed, sealer_for, authority, now_key):
    """As many as are looked at. To read each to its depths took over a minute."""
    pdf, _ = sealer_for(authority.url).seal(unsealed, "Receipt")
    (seal,) = seals(pdf)
    gap = pdf[seal.gap_start : seal.gap_end]
    hostile = b"%PDF-1.7\n"
    for _ in range(50):
        hostile += gap + b" /ByteRange [0 %d %d 10]\n" % (len(hostile), len(hostile) + len(gap))
    started = time.thread_time()
    assert verify(hostile + b" " * 20, now_key.certificate_pem).reason is Reason.CHANGED
    assert time.thread_time() - started < 5


def test_a_service_that_is_down_only_lowers_the_level(unsealed, sealer_for, now_key):
    pdf, level = sealer_for(f"http://127.0.0.1:{free_port()}/").seal(unsealed, "Receipt")
    assert level == BASELINE
    verdict = verify(pdf, now_key.certificate_pem)
    assert verdict.whole
    assert verdict.said is not None
    assert verdict.said.stamped_at is None


GARBAGE = [
    (200, "application/timestamp-reply", b"\x00garbage"),
    (200, "application/timestamp-reply", b""),
    (200, "application/timestamp-reply", b"\x30\x03\x02\x01\x00"),
    (200, "application/timestamp-reply", b"\x30\x05\x30\x03\x02\x01\x00"),  # granted, but no token
    (200, "application/timestamp-reply", b"\x30\x05\x30\x03\x02\x01\x02"),  # refused
    (200, "application/timestamp-reply", b"\x30\x80" + b"\x30" * 5000),
    (200, "application/timestamp-reply", b"x" * 200_000),
    (200, "text/html", b"<h1>Please sign in to the wireless network</h1>"),
    (503, "application/timestamp-reply", b""),
]


@pytest.mark.parametrize("answer", GARBAGE, ids=range(len(GARBAGE)))
def test_whatever_a_service_answers_the_receipt_is_sealed(unsealed, sealer_for, authority, now_key, answer):
    authority.answer = answer
    pdf, level = sealer_for(authority.url).seal(unsealed, "Receipt")
    assert level == BASELINE
    assert verify(pdf, now_key.certificate_pem).whole


def test_a_stamp_on_something_else_is_left_out(unsealed, sealer_for, authority, now_key):
    authority.other_digest = True
    pdf, level = sealer_for(authority.url).seal(unsealed, "Receipt")
    assert level == BASELINE
    assert verify(pdf, now_key.certificate_pem).whole


def test_a_stamp_by_somebody_else_is_left_out(unsealed, sealer_for, authority, tmp_path):
    other = tsa.make(tmp_path / "other")
    assert sealer_for(authority.url, roots(other)).seal(unsealed, "Receipt")[1] == BASELINE


def test_a_slow_service_is_not_waited_for(unsealed, sealer_for, authority):
    authority.trickle = 0.05
    assert sealer_for(authority.url, seconds=0.3).seal(unsealed, "Receipt")[1] == BASELINE


def test_a_service_that_failed_is_left_alone_for_a_while_and_then_asked_again(unsealed, sealer_for, authority, clock):
    sealer = sealer_for(authority.url)
    authority.answer = (503, "text/plain", b"")
    assert sealer.seal(unsealed, "Receipt")[1] == BASELINE
    authority.answer, asked = None, authority.asked
    assert sealer.seal(unsealed, "Receipt")[1] == BASELINE
    assert authority.asked == asked
    clock.at += PAUSE
    assert sealer.seal(unsealed, "Receipt")[1] == WITH_TIME


def test_a_consent_is_stamped_from_end_to_end_and_the_page_says_so(make_world, authority):
    world = make_world("sqlite", timestamp_url=authority.url, timestamp_roots=authority.root)
    world.clock.at = datetime.now(UTC)
    for answer, told in ((None, "A time service saw this seal at"), ((503, "x/y", b""), "None. The time above is")):
        authority.answer = answer
        reference = world.sealed(world.participant())
        pdf = world.get(ReceiptService).pdf(reference)
        client = world.client()
        page = client.submit(client.get("/verify"), {"file": (BytesIO(pdf), "receipt.pdf")})
        assert "This receipt is whole" in page.text
        assert told in page.text


def test_roots_that_are_none_stop_the_start(make_world, tmp_path):
    (tmp_path / "roots.pem").write_text("not a certificate")
    with pytest.raises(SettingsError, match="PORTAL_TIMESTAMP_ROOTS"):
        make_world("sqlite", timestamp_url="http://127.0.0.1:1/", timestamp_roots=tmp_path / "roots.pem")
