"""TLS certificates and mail servers, real ones on this machine."""

import datetime as dt
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from portal.operations import network
from portal.operations.domain import State
from portal.settings import Settings
from tests.e2e.server import free_port
from tests.support.world import StandingClock


def certificate(folder: Path, until: dt.datetime) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "invented")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(dt.datetime(2020, 1, 1, tzinfo=dt.UTC)).not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, SHA256())
    )  # fmt: skip
    path = folder / "certificate.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(secret + made.public_bytes(Encoding.PEM))
    return path


@pytest.fixture
def https(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """An https server of ours, with a certificate until 1 January 2030."""
    path = certificate(tmp_path, dt.datetime(2030, 1, 1, tzinfo=dt.UTC))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server.server_port, path
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(("year", "state"), [(2026, State.OK), (2029, State.WARNING)])
def test_the_certificate_that_browsers_see(https, year, state):
    port, path = https
    clock = StandingClock(dt.datetime(year, 12, 20, tzinfo=dt.UTC))
    found = network.tls(
        Settings(public_url=f"https://127.0.0.1:{port}"), clock, lambda: ssl.create_default_context(cafile=path)
    )
    assert (found.state, "2030-01-01" in str(found.what)) == (state, True)


def test_a_certificate_that_nobody_trusts_is_failing(https):
    port, _ = https
    assert network.tls(Settings(public_url=f"https://127.0.0.1:{port}"), StandingClock()).state is State.FAILING


def test_an_address_that_does_not_answer_is_told_of():
    found = network.tls(Settings(public_url=f"https://127.0.0.1:{free_port()}"), StandingClock())
    assert (found.state, "could not be reached" in str(found.what)) == (State.WARNING, True)


@pytest.fixture
def smtp() -> Iterator[int]:
    """A mail server that wants a password."""

    def sign_in(_server, _session, _envelope, _mechanism, given):
        return AuthResult(success=given.password == b"right", handled=False)

    controller = Controller(
        Sink(),
        hostname="127.0.0.1",
        port=0,
        authenticator=sign_in,
        auth_require_tls=False,
        server_hostname="localhost",
        ready_timeout=60,
    )
    controller.port = free_port()
    controller.start()
    yield controller.port
    controller.stop()


@pytest.mark.parametrize(
    ("user", "state", "words"),
    [("u:right@", State.OK, "answers"), ("u:wrong@", State.FAILING, "password"), ("", State.OK, "answers")],
)
def test_the_mail_server(smtp, user, state, words):
    found = network.mail(Settings(smtp_url=f"smtp://{user}127.0.0.1:{smtp}"))
    assert (found.state, words in str(found.what)) == (state, True)
    assert "right" not in f"{found.what} {found.remedy}"


def test_a_mail_server_that_is_down():
    assert network.mail(Settings(smtp_url=f"smtp://127.0.0.1:{free_port()}")).state is State.FAILING
