"""Hands letters over by SMTP, one connection for as many as there are."""

import smtplib
import socket
import ssl
import threading
from contextlib import suppress
from email.policy import SMTP, SMTPUTF8
from urllib.parse import unquote, urlsplit

from portal.messages.domain import Letter
from portal.messages.errors import HalfSent, NotSent, Refused, ServiceDown
from portal.messages.mime import as_email

_HERE = ("127.0.0.1", "localhost", "::1")
_BROKEN = (OSError, smtplib.SMTPException, ValueError)
"""What smtplib raises when a connection ends, is late, or the answers are no SMTP."""
_OUR_FAULT = (530, 535, 538)
"""Refusals that concern our own sign-in and not the address."""


class SmtpSender:
    """smtps:// speaks TLS from the start; smtp:// changes to TLS (STARTTLS) unless the server is this machine.

    A silent server is given up after `patience` seconds; one that keeps talking nonsense, or drips its answers byte by
    byte, has its connection cut when it is `longest` seconds old.
    """

    def __init__(self, url: str, mail_from: str, *, patience: float = 10, longest: float = 20) -> None:
        self._parts = urlsplit(url)
        self._mail_from = mail_from
        self._patience = patience
        self._longest = longest
        self._server: smtplib.SMTP | None = None

    def send(self, letter: Letter) -> None:
        """Hand one over. Raises NotSent, Refused, HalfSent, ServiceDown."""
        to = _mailbox(letter.to)
        message = as_email(letter, self._mail_from)
        try:
            server = self._connected()
            self._envelope(server, to)
        except _BROKEN as error:
            self._drop()
            raise ServiceDown(type(error).__name__) from error
        try:
            code, answer = server.data(message.as_bytes(policy=SMTP if to.isascii() else SMTPUTF8))
        except smtplib.SMTPDataError as error:  # said no before a byte of the message was sent
            self._drop()
            raise _judged(error.smtp_code, error.smtp_error) from error
        except _BROKEN as error:
            self._drop()
            raise HalfSent(type(error).__name__) from error
        if code != 250:
            self._drop()
            raise _judged(code, answer)

    def close(self) -> None:
        """End the connection politely. The next letter opens another."""
        if self._server is not None:
            with suppress(*_BROKEN):  # what was sent is settled already; a rude server changes nothing about it
                self._server.quit()
        self._drop()

    def _connected(self) -> smtplib.SMTP:
        if self._server is None:
            self._server = self._connect()
        return self._server

    def _connect(self) -> smtplib.SMTP:
        host, tls = self._parts.hostname or "127.0.0.1", ssl.create_default_context()
        ourselves = self._mail_from.rpartition("@")[2] or "localhost"  # or smtplib would ask the DNS, without a limit
        port, patience = self._parts.port or (465 if self._parts.scheme == "smtps" else 587), self._patience
        server: smtplib.SMTP = (
            _GuardedTls(self._longest, host, port, ourselves, timeout=patience, context=tls)
            if self._parts.scheme == "smtps"
            else _Guarded(self._longest, host, port, ourselves, timeout=patience)
        )
        try:
            if self._parts.scheme == "smtp" and host not in _HERE:
                server.starttls(context=tls)
            if self._parts.username:
                server.login(unquote(self._parts.username), unquote(self._parts.password or ""))
            server.ehlo_or_helo_if_needed()
        except _BROKEN:
            server.close()
            raise
        return server

    def _envelope(self, server: smtplib.SMTP, to: str) -> None:
        """Sender and recipient; nothing of the message has been sent when this raises."""
        options: tuple[str, ...] = ()
        if not to.isascii():
            if not server.has_extn("smtputf8"):
                raise Refused("no SMTPUTF8")
            options, server.command_encoding = ("SMTPUTF8",), "utf-8"
        code, answer = server.mail(self._mail_from, options)
        if code != 250:
            raise smtplib.SMTPSenderRefused(code, answer, self._mail_from)
        code, answer = server.rcpt(to)
        if code not in (250, 251):
            judged = _judged(code, answer)
            if isinstance(judged, ServiceDown):
                self._drop()
            else:
                server.rset()
            raise judged

    def _drop(self) -> None:
        if self._server is not None:
            self._server.close()
        self._server = None


class _Guard:
    """Cuts a connection at a certain age, whatever it is doing: whoever waits on it sees it end."""

    def __init__(self, longest: float, host: str, port: int, name: str, **how: object) -> None:
        self._guard = threading.Timer(longest, self._cut)
        self._guard.daemon = True
        self._guard.start()
        super().__init__(host, port, name, **how)  # type: ignore[call-arg]

    def close(self) -> None:
        """The connection has ended."""
        self._guard.cancel()
        super().close()  # type: ignore[misc]

    def _cut(self) -> None:
        sock: socket.socket | None = getattr(self, "sock", None)
        if sock is not None:
            with suppress(OSError):  # it had ended already
                sock.shutdown(socket.SHUT_RDWR)


class _Guarded(_Guard, smtplib.SMTP):
    pass


class _GuardedTls(_Guard, smtplib.SMTP_SSL):
    pass


def _mailbox(address: str) -> str:
    """The address with its domain in ASCII. Raises Refused if it is none."""
    local, _, domain = address.rpartition("@")
    try:
        host = domain.encode("idna").decode("ascii")
    except UnicodeError:
        host = ""
    if not local or not host or any(one.isspace() or not one.isprintable() for one in local):
        raise Refused("not an address")
    return f"{local}@{host}"


def _judged(code: int, answer: bytes | str) -> NotSent | Refused | ServiceDown:
    """5xx is for good and 4xx for now, unless it concerns us or a policy. The words may hold her address: not kept."""
    text = answer.decode("ascii", "replace") if isinstance(answer, bytes) else answer
    if code == 421 or code in _OUR_FAULT or not 400 <= code < 600:
        return ServiceDown(f"answered {code}")
    if code < 500 or text.startswith("5.7."):
        return NotSent(str(code))
    return Refused(str(code))
