"""Sending through real and through broken mail servers on loopback."""

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import select, update

from portal.clock import now
from portal.db.engine import Database
from portal.messages.domain import Attachment
from portal.messages.service import Outbox
from portal.messages.smtp import SmtpSender
from portal.messages.store import OutboxMessage
from portal.settings import ROOT
from portal.wiring import build
from tests.support.mail import (
    Mailbox,
    binary,
    dripping,
    free_port,
    garbling,
    hanging_up_after_data,
    mail_server,
    rude_server,
    silent,
    trusting,
)
from tests.support.world import FAST

CODE = {"code": "123456"}


@pytest.fixture
def sending():
    """Makes the outbox of one more worker, which sends through a server."""
    opened = []

    def make(world, url, **limits):
        sender = SmtpSender(url, "no-reply@example.org", **{"patience": 60, "longest": 120, **limits})
        services = build(world.settings, clock=world.clock, sender=sender, hasher=FAST)
        opened.append(services.get(Database))
        return services.get(Outbox)

    yield make
    for one in opened:
        one.dispose()


def queue(world, *addresses, **more):
    with world.get(Database).transaction() as session:
        for number, address in enumerate(addresses):
            world.get(Outbox).queue(
                session, template="sign_in_code", to=address, key=f"test:{number}", context=CODE, language="en", **more
            )


def rows(world):
    with world.get(Database).reading() as session:
        return session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()


def test_text_html_and_calendar_arrive(worlds, sending):
    calendar = Attachment("time.ics", "text/calendar", b"BEGIN:VCALENDAR\r\n", {"method": "REQUEST"})
    queue(worlds, "somebody@example.org", attachments=[calendar])
    box = Mailbox()
    with mail_server(box) as server:
        assert sending(worlds, f"smtp://{server}").send_due() == 1
    (message,) = box.arrived
    kinds = [part.get_content_type() for part in message.walk() if not part.is_multipart()]
    assert kinds == ["text/plain", "text/html", "text/calendar"]
    (file,) = message.iter_attachments()
    assert file.get_param("method") == "REQUEST"
    assert file.get_payload(decode=True) == b"BEGIN:VCALENDAR\r\n"
    assert message["Auto-Submitted"] == "auto-generated"
    assert rows(worlds)[0].outcome == "sent"


def test_many_go_over_one_connection_and_a_refused_one_holds_up_nobody(worlds, sending):
    queue(worlds, *(f"person{number}@example.org" for number in range(60)))
    refuse = {"person7@example.org": "550 5.1.1 unknown", "person9@example.org": "451 4.2.2 full"}
    box = Mailbox(to_recipient=lambda address: refuse.get(address, "250 OK"))
    with mail_server(box) as server:
        assert sending(worlds, f"smtp://{server}").send_due() == 58
    assert len(box.arrived) == 58
    assert len(box.connections) == 1
    kept = rows(worlds)
    assert (kept[7].outcome, kept[9].outcome, kept[9].tries) == ("refused", None, 1)
    assert kept[9].due_at == worlds.clock() + timedelta(minutes=2)


@pytest.mark.parametrize(
    ("answer", "outcome"), [("554 5.6.0 no", "refused"), ("554 5.7.1 policy", None), ("452 4.3.1 later", None)]
)
def test_what_is_refused_after_the_data(world, answer, outcome, sending):
    queue(world, "somebody@example.org")
    with mail_server(Mailbox(to_data=lambda: answer)) as server:
        assert sending(world, f"smtp://{server}").send_due() == 0
    assert (rows(world)[0].outcome, rows(world)[0].tries) == (outcome, 1)


@pytest.mark.parametrize("behave", [silent, dripping, garbling, binary])
def test_a_broken_server_costs_a_bounded_time_and_no_tries(world, behave, sending):
    queue(world, *(f"person{number}@example.org" for number in range(5)))
    with rude_server(behave) as server:
        outbox = sending(world, f"smtp://{server}", patience=0.3, longest=0.6)
        assert outbox.send_due() == 0  # and it ends at all, though the server never would
        assert outbox.send_due() == 0
    assert {(row.outcome, row.tries) for row in rows(world)} == {(None, 0)}


def test_when_the_server_comes_back_everything_arrives_once(world, sending):
    queue(world, *(f"person{number}@example.org" for number in range(70)))
    port = free_port()
    outbox = sending(world, f"smtp://127.0.0.1:{port}")
    assert outbox.send_due() == 0
    box = Mailbox()
    with mail_server(box) as server:
        sender = sending(world, f"smtp://{server}")
        world.clock.forward(minutes=2)
        assert sender.send_due() == 70
    assert len({message["To"] for message in box.arrived}) == len(box.arrived) == 70


def test_a_server_that_hangs_up_after_the_data_may_have_it_so_nothing_is_sent_again(world, sending):
    queue(world, "somebody@example.org")
    with rude_server(hanging_up_after_data) as server:
        assert sending(world, f"smtp://{server}").send_due() == 0
    assert rows(world)[0].outcome == "unsure"
    box = Mailbox()
    with mail_server(box) as server:
        world.clock.forward(days=3)
        assert sending(world, f"smtp://{server}").send_due() == 0
    assert box.arrived == []


def test_addresses_in_any_script(world, sending):
    queue(world, "ünal@example.org", "somebody@bücher.example", "no\u200bbody@@example.org")
    box = Mailbox()
    with mail_server(box) as server:
        assert sending(world, f"smtp://{server}").send_due() == 2
    assert rows(world)[2].outcome == "refused"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """For localhost, signed by itself; certificate and key in one file."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return str(path)


@pytest.mark.parametrize(
    ("host", "trusted", "sent"), [("localhost", True, 1), ("localhost", False, 0), ("127.0.0.1", True, 0)]
)
def test_tls_with_a_right_and_a_strange_certificate(world, certificate, monkeypatch, host, trusted, sent, sending):
    queue(world, "somebody@example.org")
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", certificate)
    box = Mailbox()
    with mail_server(box, ssl_context=trusting(certificate), ready_timeout=60) as server:
        assert sending(world, f"smtps://{host}:{server.rpartition(':')[2]}").send_due() == sent
    assert len(box.arrived) == sent
    assert rows(world)[0].tries == sent  # a bad certificate is no fault of the message


def test_a_wrong_password_is_no_fault_of_the_messages(world, sending):
    queue(world, "somebody@example.org")

    def refuse(*_args):
        return AuthResult(success=False, handled=False)

    with mail_server(Mailbox(), authenticator=refuse, auth_require_tls=False) as server:
        assert sending(world, f"smtp://user:wrong@{server}").send_due() == 0
    assert rows(world)[0].tries == 0


def test_two_workers_share_the_work_and_no_message(worlds, sending):
    queue(worlds, *(f"person{number}@example.org" for number in range(120)))
    box = Mailbox()
    with mail_server(box) as server:
        workers = [sending(worlds, f"smtp://{server}") for _ in range(2)]
        threads = [threading.Thread(target=one.send_due) for one in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        worlds.clock.forward(minutes=5)
        workers[0].send_due()
    assert len({message["To"] for message in box.arrived}) == len(box.arrived) == 120


@pytest.mark.faults
def test_a_worker_killed_when_the_server_has_the_message_sends_it_no_second_time(world):
    queue(world, "first@example.org", "second@example.org")
    process: list[subprocess.Popen[bytes]] = []

    def kill_the_worker():
        process[0].send_signal(signal.SIGKILL)
        process[0].wait()
        return "250 OK"

    box = Mailbox(to_data=kill_the_worker)
    with mail_server(box) as server:
        environ = {
            "PATH": os.environ["PATH"], "PORTAL_INSTANCE": str(world.settings.instance),
            "PORTAL_DEMONSTRATION": "yes", "PORTAL_SMTP_URL": f"smtp://{server}",
        }  # fmt: skip
        command = [sys.executable, "-m", "portal", "worker", "--once"]
        process.append(subprocess.Popen(command, cwd=ROOT, env=environ))
        assert process[0].wait(60) == -signal.SIGKILL
        with world.get(Database).transaction() as session:  # its batch is free again after two minutes
            session.execute(update(OutboxMessage).values(leased_until=None))
        box.to_data = lambda: "250 OK"
        subprocess.run(command, cwd=ROOT, env=environ, check=True, timeout=60)
    assert [message["To"] for message in box.arrived] == ["first@example.org", "second@example.org"]
    first, second = rows(world)
    assert (first.outcome, second.outcome) == (None, "sent")
    assert first.handed_at is not None  # in ten minutes it is left to the team
