"""Another calendar: read for its busy times, however it is written and whoever wrote it."""

import socket
import ssl
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from portal.booking.busy_times import TooMuch, busy
from portal.booking.errors import CalendarUnreadable
from portal.booking.fetching import Fetcher, is_address, is_public
from portal.booking.other_calendar import OtherCalendars, busy_times
from portal.db.engine import Database
from tests.booking.conftest import utc

LONDON = "DTSTART;TZID=Europe/London:{}\r\nDTEND;TZID=Europe/London:{}\r\n"
FIRST, LAST = utc("2026-11-24 00:00"), utc("2027-06-01 00:00")


def calendar(*events: str) -> bytes:
    inner = "".join(f"BEGIN:VEVENT\r\nUID:{at}\r\nDTSTAMP:20261101T000000Z\r\n{one}\r\nEND:VEVENT\r\n"
                    for at, one in enumerate(events))  # fmt: skip
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n{inner}END:VCALENDAR\r\n".encode()


def spans(*events: str) -> list[str]:
    return [f"{one:%m-%d %H:%M}/{two:%m-%d %H:%M}" for one, two in busy(calendar(*events), FIRST, LAST)]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("DTSTART:20261201T100000Z\r\nDTEND:20261201T113000Z", ["12-01 10:00/12-01 11:30"]),
        ("DTSTART;TZID=Europe/London:20270401T100000\r\nDURATION:PT45M", ["04-01 09:00/04-01 09:45"]),
        ("DTSTART;TZID=America/New_York:20261201T100000\r\nDTEND;TZID=America/New_York:20261201T110000",
         ["12-01 15:00/12-01 16:00"]),
        ("DTSTART;TZID=GMT Standard Time:20270401T100000\r\nDTEND;TZID=GMT Standard Time:20270401T110000",
         ["04-01 09:00/04-01 10:00"]),
        ("DTSTART:20261201T100000\r\nDTEND:20261201T110000", ["12-01 10:00/12-01 11:00"]),
        ("DTSTART;VALUE=DATE:20270401\r\nDTEND;VALUE=DATE:20270403", ["03-31 23:00/04-02 23:00"]),
        ("DTSTART;VALUE=DATE:20261201", ["12-01 00:00/12-02 00:00"]),
        ("DTSTART:20261201T100000Z\r\nDTEND:20261201T110000Z\r\nTRANSP:TRANSPARENT", []),
        ("DTSTART:20261201T100000Z\r\nDTEND:20261201T110000Z\r\nSTATUS:CANCELLED", []),
        ("DTSTART:20201201T100000Z\r\nDTEND:20201201T110000Z", []),
        ("DTSTART:20261201T110000Z\r\nDTEND:20261201T100000Z", ["12-01 11:00/12-01 11:00"]),
        ("DTSTART:20261120T100000Z\r\nDTEND:20261125T100000Z", ["11-24 00:00/11-25 10:00"]),
        (LONDON.format("20260105T090000", "20260105T100000") + "RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20261207T090000Z",
         ["11-30 09:00/11-30 10:00", "12-07 09:00/12-07 10:00"]),
        (LONDON.format("20270322T090000", "20270322T100000") + "RRULE:FREQ=WEEKLY;COUNT=2",
         ["03-22 09:00/03-22 10:00", "03-29 08:00/03-29 09:00"]),
        ("DTSTART:20261201T100000Z\r\nDTEND:20261201T110000Z\r\nRRULE:FREQ=DAILY;COUNT=3\r\nEXDATE:20261202T100000Z",
         ["12-01 10:00/12-01 11:00", "12-03 10:00/12-03 11:00"]),
        ("DTSTART:20261201T100000Z\r\nDTEND:20261201T110000Z\r\nRDATE:20261205T100000Z",
         ["12-01 10:00/12-01 11:00", "12-05 10:00/12-05 11:00"]),
        ("DTSTART;VALUE=DATE:20261225\r\nRRULE:FREQ=YEARLY", ["12-25 00:00/12-26 00:00"]),
        ("DTSTART;VALUE=DATE:20240229\r\nRRULE:FREQ=YEARLY", []),
    ],
)  # fmt: skip
def test_it_reads_what_people_have(event, expected):
    assert spans(event) == expected


def test_a_moved_occurrence_counts_where_it_is():
    series = "DTSTART:20261201T100000Z\r\nDTEND:20261201T110000Z\r\nRRULE:FREQ=DAILY;COUNT=2"
    moved = "DTSTART:20261202T150000Z\r\nDTEND:20261202T160000Z\r\nRECURRENCE-ID:20261202T100000Z"
    text = calendar(series, moved).replace(b"UID:1", b"UID:0")
    assert [one.hour for one, _ in busy(text, FIRST, LAST)] == [10, 15]


def test_overlapping_times_become_one():
    assert spans(
        "DTSTART:20261201T100000Z\r\nDTEND:20261201T110000Z", "DTSTART:20261201T103000Z\r\nDTEND:20261201T120000Z"
    ) == ["12-01 10:00/12-01 12:00"]


@pytest.mark.parametrize(
    "content",
    [
        b"", b"<html>Not found</html>", b"\x00\xff" * 1000, b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n",
        calendar("DTSTART:99999999T999999Z"), calendar("DTSTART:20261201T100000Z\r\nRRULE:FREQ=NEVER"),
        calendar("DTSTART:20261201T100000Z\r\nDTEND:20261201T100000Z\r\nRRULE:FREQ=SECONDLY"),
        calendar("DTSTART:19000101T000000Z\r\nDURATION:PT1S\r\nRRULE:FREQ=SECONDLY"),
        calendar("DTSTART:20261201T100000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"),
        calendar("DTSTART;TZID=../../../etc/passwd:20261201T100000\r\nRRULE:FREQ=DAILY;BYSECOND=0,1,2,3;BYMINUTE="
                 + ",".join(map(str, range(60))) + ";BYHOUR=" + ",".join(map(str, range(24)))),
        b"BEGIN:VCALENDAR\r\n" * 5000,
    ],
    ids=["empty", "html", "binary", "cut off", "no date", "no rule", "each second", "since 1900", "never", "product",
         "deep"],
)  # fmt: skip
def test_a_hostile_file_harms_nobody(content):
    started = time.monotonic()
    try:
        found = busy_times(content, FIRST, LAST, cpu_seconds=1)
    except CalendarUnreadable:
        found = []
    assert len(found) <= 1  # nothing, or the one occurrence that the file really has
    assert time.monotonic() - started < 60  # far more than its process is given, on a machine however busy


def test_too_many_times_are_refused():
    event = "DTSTART:20261201T100000Z\r\nDURATION:PT1S\r\nRRULE:FREQ=MINUTELY"
    with pytest.raises(TooMuch):
        busy(calendar(event), FIRST, LAST)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("127.0.0.1", False), ("10.1.2.3", False), ("192.168.1.1", False), ("172.16.0.1", False), ("0.0.0.0", False),
        ("169.254.169.254", False), ("100.64.0.1", False), ("224.0.0.1", False), ("255.255.255.255", False),
        ("::1", False), ("fe80::1%eth0", False), ("fc00::1", False), ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.1", False), ("64:ff9b::7f00:1", False), ("2002:7f00:1::", False), ("ff02::1", False),
        ("8.8.8.8", True), ("2001:4860:4860::8888", True), ("::ffff:8.8.8.8", True),
    ],
)  # fmt: skip
def test_which_addresses_are_of_the_open_internet(address, public):
    assert is_public(address) is public


@pytest.mark.parametrize(
    "url",
    ["http://example.org/a.ics", "file:///etc/passwd", "https://", "https://user:secret@example.org/", "ftp://x/",
     "https://example.org:0/", "https://[", "javascript:alert(1)", "webcal://example.org/a.ics", ""],
)  # fmt: skip
def test_only_https_addresses_are_taken(url):
    assert not is_address(url)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0x7f000001", "2130706433", "127.1"])
def test_no_private_address_is_ever_connected_to(host, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("connected")

    monkeypatch.setattr(socket, "create_connection", refuse)
    with pytest.raises(CalendarUnreadable):
        Fetcher().get(f"https://{host}/calendar.ics")


def test_a_name_that_also_leads_inside_is_refused():
    fetcher = Fetcher(resolve=lambda _host, _port: ["8.8.8.8", "10.0.0.1"])
    with pytest.raises(CalendarUnreadable, match="address"):
        fetcher.get("https://rebinding.example/calendar.ics")


ANSWERS = {
    "good": (200, calendar("DTSTART:20261201T100000Z\r\nDTEND:20261201T110000Z"), {}),
    "large": (200, b"x" * 300_000, {}),
    "zipped": (200, b"x", {"Content-Encoding": "gzip"}),
    "inside": (302, b"", {"Location": "https://10.0.0.1/calendar.ics"}),
    "plain": (302, b"", {"Location": "http://example.org/calendar.ics"}),
    "round": (302, b"", {"Location": "/round"}),
    "moved": (301, b"", {"Location": "/good"}),
}


class Answers(BaseHTTPRequestHandler):
    """A server that answers as the address says."""

    def do_GET(self):
        what = self.path.strip("/").split("?")[0]
        if what == "garbage":
            self.wfile.write(b"HTTP/9 what\r\n\r\n")
        else:
            self._send(*ANSWERS.get(what, (404, b"", {})))

    def _send(self, status, body, headers):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        """Says nothing."""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """An HTTPS server on loopback: its port, and a context that trusts it."""
    certificate, key = _certificate(tmp_path_factory.mktemp("tls"))
    made = HTTPServer(("127.0.0.1", 0), Answers)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    made.socket = context.wrap_socket(made.socket, server_side=True)
    thread = threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield made.server_port, ssl.create_default_context(cafile=str(certificate))
    made.shutdown()
    made.server_close()
    thread.join(10)


def _certificate(folder):
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("calendar.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    certificate, secret = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, secret


def fetcher(server, **more):
    """Loopback is let through, as it never is outside a test."""
    return Fetcher(
        allowed=lambda one: ip_address(one).is_loopback, context=server[1], resolve=lambda host, _port: [
            "127.0.0.1" if host == "calendar.example" else host
        ], **more,
    )  # fmt: skip


def at(server, path, host="calendar.example"):
    return f"https://{host}:{server[0]}/{path}"


def test_it_fetches_and_follows_a_redirect(server):
    for path in ("good", "good?key=secret", "moved"):
        assert b"BEGIN:VEVENT" in fetcher(server).get(at(server, path))


@pytest.mark.parametrize(
    ("path", "why"),
    [("large", "large"), ("zipped", "refused"), ("inside", "address"), ("plain", "address"), ("round", "refused"),
     ("garbage", "refused"), ("nothing", "refused")],
)  # fmt: skip
def test_it_refuses_what_is_too_large_odd_or_elsewhere(server, path, why):
    with pytest.raises(CalendarUnreadable, match=why):
        fetcher(server, largest=100_000).get(at(server, path))


def test_the_certificate_must_be_the_names(server):
    with pytest.raises(CalendarUnreadable):
        fetcher(server).get(at(server, "good", host="127.0.0.1"))
    with pytest.raises(CalendarUnreadable):
        Fetcher(allowed=lambda _: True, resolve=lambda *_: ["127.0.0.1"]).get(at(server, "good"))


def test_a_server_that_says_nothing_is_left(monkeypatch):
    monkeypatch.setattr("portal.booking.fetching._WAIT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(CalendarUnreadable, match="slow"):
            Fetcher(allowed=lambda _: True, resolve=lambda *_: ["127.0.0.1"]).get(f"https://silent.example:{port}/")


@contextmanager
def tied(desk, server, path):
    """An interviewer whose other calendar is at the path."""
    member = desk.interviewer()
    desk.availability.set_calendar(member.id, at(server, path))
    yield member, OtherCalendars(desk.world.get(Database), desk.world.clock, fetcher(server))


def test_busy_times_are_not_offered_and_the_address_is_sealed(desks, server):
    with tied(desks, server, "good?key=very-secret-path") as (member, calendars):
        assert calendars.read_due() == 1
        assert calendars.read_due() == 0  # not again at once
        times = desks.times(desks.person())
        assert utc("2026-12-01 09:00") in times
        assert utc("2026-12-01 09:30") not in times
        assert utc("2026-12-01 11:00") in times
        with desks.world.get(Database).engine.connect() as connection:
            kept = connection.exec_driver_sql("SELECT calendar_url FROM booking_interviewer").scalar_one()
        assert b"very-secret" not in bytes(kept)
        desks.availability.set_calendar(member.id, None)
        assert utc("2026-12-01 09:30") in desks.times(desks.person())


def test_what_was_known_stays_when_it_fails_and_the_page_says_so(desk, server):
    with tied(desk, server, "good") as (member, calendars):
        calendars.read(member.id)
        broken = OtherCalendars(desk.world.get(Database), desk.world.clock, Fetcher(resolve=lambda *_: ["10.0.0.1"]))
        desk.world.clock.forward(minutes=20)
        assert broken.read_due() == 0
        assert desk.availability.own(member.id).calendar_problem == "address"
        assert utc("2026-12-01 09:30") not in desk.times(desk.person())


def test_the_page_takes_only_https(desk):
    client = desk.world.staff_client()
    page = client.get("/workspace/hours")
    refused = client.submit(page, {"url": "http://example.org/a.ics"}, form=3)
    assert "Paste the address that starts with https://" in refused.text
    inside = client.submit(page, {"url": "https://127.0.0.1/a.ics"}, form=3)
    assert "This address leads nowhere that may be read" in inside.text
