"""Ways to hand a message over: SMTP, or files for a demonstration."""

import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import make_msgid
from pathlib import Path
from urllib.parse import unquote, urlsplit

Sender = Callable[[EmailMessage], None]


class NotSent(Exception):
    """The message could not be handed over; it will be tried again."""


class SmtpSender:
    """Sends over SMTP: smtps:// with TLS from the start, smtp:// with STARTTLS unless the server is this machine."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)

    def __call__(self, message: EmailMessage) -> None:
        """Raises NotSent."""
        host, port = self._parts.hostname or "127.0.0.1", self._parts.port
        try:
            if self._parts.scheme == "smtps":
                server: smtplib.SMTP = smtplib.SMTP_SSL(host, port or 465, timeout=20, context=_tls())
            else:
                server = smtplib.SMTP(host, port or 587, timeout=20)
            with server:
                if self._parts.scheme == "smtp" and host not in ("127.0.0.1", "localhost", "::1"):
                    server.starttls(context=_tls())
                if self._parts.username:
                    server.login(unquote(self._parts.username), unquote(self._parts.password or ""))
                server.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            raise NotSent(type(error).__name__) from error


class FileSender:
    """Writes each message to a file in a folder, for a demonstration or a first look."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, message: EmailMessage) -> None:
        """Raises NotSent."""
        name = str(message["Message-ID"]).strip("<>").split("@")[0]
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = self._folder / f"{name}.eml"
            path.touch(mode=0o600)
            path.write_bytes(message.as_bytes())
        except OSError as error:
            raise NotSent(type(error).__name__) from error


def new_message(*, sender: str, to: str, subject: str, body: str) -> EmailMessage:
    """A plain-text message. Line breaks in a header are refused by the email library."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2] or "localhost")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(body)
    return message


def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
