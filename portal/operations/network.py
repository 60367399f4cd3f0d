"""Checks of what the portal talks to: its own address as the world sees it, and the mail server."""

import smtplib
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote, urlsplit

from portal.clock import Clock
from portal.operations.domain import Finding, failing, ok, warning
from portal.sentence import said
from portal.settings import Settings

_PATIENCE = 5.0
EXPIRES_SOON = timedelta(days=21)
Trust = Callable[[], ssl.SSLContext]


def tls(settings: Settings, clock: Clock, trust: Trust = ssl.create_default_context) -> Finding:
    """The certificate that people's browsers see."""
    part, parts = "TLS certificate", urlsplit(settings.public_url)
    if not settings.secure:
        return ok(part, said("not needed: the portal is not served over https"))
    host, port = parts.hostname or "", parts.port or 443
    try:
        with (
            socket.create_connection((host, port), timeout=_PATIENCE) as plain,
            trust().wrap_socket(plain, server_hostname=host) as secured,
        ):
            until = _not_after(secured)
    except ssl.SSLCertVerificationError as error:
        return failing(
            part,
            said("browsers refuse it: %(why)s", why=error.verify_message),
            said("Renew or mend the certificate of the proxy."),
        )
    except OSError as error:
        return warning(
            part,
            said(
                "%(place)s could not be reached from here (%(why)s)", place=f"{host}:{port}", why=type(error).__name__
            ),
            said("Check the proxy and the name's DNS entry. If a firewall keeps this machine out, look from outside."),
        )
    left = until - clock()
    if left < EXPIRES_SOON:
        return warning(
            part,
            said("valid until %(day)s, %(left)s days from now", day=f"{until:%Y-%m-%d}", left=max(left.days, 0)),
            said("Renew it, and see why that is not automatic."),
        )
    return ok(part, said("valid until %(day)s", day=f"{until:%Y-%m-%d}"))


def _not_after(secured: ssl.SSLSocket) -> datetime:
    certificate = secured.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)


def mail(settings: Settings, trust: Trust = ssl.create_default_context) -> Finding:
    """The mail server takes us: connection, encryption, sign-in. Nothing is sent."""
    part = "mail server"
    if not settings.smtp_url:
        return ok(part, said("none is set"))
    parts = urlsplit(settings.smtp_url)
    host = parts.hostname or "127.0.0.1"
    remedy = said("Check PORTAL_SMTP_URL with whoever runs the mail server. Messages wait and are tried again.")
    try:
        server = _connect(parts.scheme, host, parts.port, trust)
        with server:
            server.ehlo_or_helo_if_needed()
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
    except smtplib.SMTPAuthenticationError:
        return failing(part, said("%(host)s refuses the user name or password", host=host), remedy)
    except (OSError, smtplib.SMTPException) as error:
        return failing(part, said("%(host)s cannot be used (%(why)s)", host=host, why=type(error).__name__), remedy)
    return ok(part, said("%(host)s answers", host=host))


def _connect(scheme: str, host: str, port: int | None, trust: Trust) -> smtplib.SMTP:
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port or 465, timeout=_PATIENCE, context=trust())
    server = smtplib.SMTP(host, port or 587, timeout=_PATIENCE)
    if host not in ("127.0.0.1", "localhost", "::1"):
        server.starttls(context=trust())
    return server
