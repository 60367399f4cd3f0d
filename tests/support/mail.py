"""Mail servers for tests: a real one, and ones that behave badly. All on loopback, all surely stopped."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Mailbox:
    """A handler that keeps what arrives and answers as told."""

    arrived: list[EmailMessage] = field(default_factory=list)
    connections: set[int] = field(default_factory=set)
    to_recipient: Callable[[str], str] = lambda _address: "250 OK"
    to_data: Callable[[], str] = lambda: "250 OK"

    async def handle_RCPT(  # noqa: N802 - the library calls it so
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self.connections.add(id(session))
        answer = self.to_recipient(address)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.to_data()
        if answer.startswith("250"):
            message = message_from_bytes(envelope.original_content or b"", policy=default)
            assert isinstance(message, EmailMessage)
            self.arrived.append(message)
        return answer


@contextmanager
def mail_server(box: Mailbox, **how: object) -> Iterator[str]:
    """A real SMTP server in a thread of its own; gives host:port."""
    options = {"enable_SMTPUTF8": True, "ready_timeout": 60, **how}
    controller = Controller(box, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield f"127.0.0.1:{controller.port}"
    finally:
        controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def rude_server(behave: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """A server that does to each connection what `behave` says until told to stop."""
    stop, listener = threading.Event(), socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)

    def serve() -> None:
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = listener.accept()
                with connection, contextlib.suppress(OSError):
                    connection.settimeout(60)
                    behave(connection, stop)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stop.set()
        thread.join()
        listener.close()


def silent(_connection: socket.socket, stop: threading.Event) -> None:
    """Takes the connection and says nothing."""
    stop.wait(60)


def dripping(connection: socket.socket, stop: threading.Event) -> None:
    """Never stops greeting, a byte at a time, so that no time-out of a single read strikes."""
    connection.sendall(b"220-")
    while not stop.is_set():
        connection.sendall(b"x" if time.monotonic() % 1 > 0.2 else b"\r\n220-")
        time.sleep(0.02)


def garbling(connection: socket.socket, _stop: threading.Event) -> None:
    """Speaks another protocol."""
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def binary(connection: socket.socket, _stop: threading.Event) -> None:
    """Sends noise."""
    connection.sendall(bytes(range(256)) * 40)


def hanging_up_after_data(connection: socket.socket, _stop: threading.Event) -> None:
    """Takes a whole message and goes without a word."""
    with connection.makefile("rb") as file:
        connection.sendall(b"220 here\r\n")
        for answer in (b"250 hello", b"250 ok", b"250 ok", b"354 go on"):
            file.readline()
            connection.sendall(answer + b"\r\n")
        while file.readline() not in (b".\r\n", b""):
            pass


def trusting(certificate: str) -> ssl.SSLContext:
    """A server's side of TLS from one file with certificate and key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
