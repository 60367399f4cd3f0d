"""What a deployment decides, read once from the environment.

Every setting is a variable `PORTAL_<NAME>`. A secret may instead be put in a file, named by `PORTAL_<NAME>_FILE`.
A wrong or misspelt setting stops the start with a sentence that says what to do.
"""

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent


_NOTIFY_KEY = 73
"""Characters at the end of Notify's API key that matter: two UUIDs."""


class SettingsError(Exception):
    """A setting is missing, misspelt or makes no sense. The message says which and what to do."""


@dataclass(frozen=True)
class Settings:
    """A deployment's settings. Field `x_y` is the variable PORTAL_X_Y."""

    instance: Path = ROOT / "instance"
    """Folder of the deployment's own state: database, keys, outbox, vault."""
    database_url: str = ""
    """postgresql://… for PostgreSQL; when empty, SQLite in the instance folder."""
    public_url: str = "http://localhost:8080"
    """The address that people reach, used in links; when empty, this machine. https:// switches secure cookies and
    HSTS on."""
    port: int = 8080
    """Port that the web server listens on."""
    demonstration: bool = False
    """True shows the demonstration banner, the invented cast and /demo. Never with real people."""
    study: Path = ROOT / "portal" / "study" / "vig"
    """Folder of the study's files, published at first start."""
    data_keys: str = ""
    """Secret. JSON of the keys for identities; when empty, a file made at first start in the instance folder."""
    personal_keys_url: str = ""
    """postgresql://… for participants' own keys, apart from the data; when empty, a file in the instance folder."""
    session_key: str = ""
    """Secret. Signs forms' tokens; when empty, a file made at first start in the instance folder."""
    seal_pkcs12: Path | None = None
    """PKCS#12 file with the certificate that seals receipts; when empty, one is made at first start."""
    seal_passphrase: str = ""
    """Secret. Passphrase of seal_pkcs12."""
    timestamp_url: str = ""
    """RFC 3161 time-stamping service for seals; when empty, seals carry no outside time."""
    timestamp_roots: Path | None = None
    """PEM file of who vouches for that service; any other's stamp is left out. When empty, any that holds counts."""
    smtp_url: str = ""
    """Secret. smtp://user:password@host:port (STARTTLS) or smtps://…; when empty, messages become files."""
    notify_api_key: str = ""
    """Secret. API key of GOV.UK Notify, if you may use it: for text messages, and for e-mails without smtp_url."""
    notify_email_template: str = ""
    """Notify's ID of a template whose subject is ((subject)) and whose message is ((body))."""
    notify_sms_template: str = ""
    """Notify's ID of a text message template whose message is ((body)); when empty, no text messages are offered."""
    notify_url: str = "https://api.notifications.service.gov.uk"
    """Address of Notify's API."""
    mail_from: str = "no-reply@example.org"
    """Sender's address of messages."""
    mail_name: str = "Your messages"
    """Sender's name of messages to participants. It must tell nothing of the study, of health or of an organisation."""
    rooms_key: str = ""
    """Secret. Signs tickets to interview rooms; when empty, a file made at first start in the instance folder."""
    media_listen: str = ""
    """host:port where the media process answers the web process; when empty, a Unix socket in the instance folder."""
    media_addresses: str = ""
    """IP addresses at which browsers reach the media process, with commas; when empty, this machine's own."""
    media_ports: str = "0"
    """UDP port of the media process, or a range such as 40000-40009 of which it takes the first free; 0 is any."""
    turn_urls: str = ""
    """turn:host:3478 or turns:host:5349 (several with commas): the relay for browsers that firewalls hold back."""
    turn_secret: str = ""
    """Secret. Shared with the relay (coturn's static-auth-secret); passwords made from it expire by themselves."""
    audit_folder: Path | None = None
    """Folder off this machine, such as a mounted share, for signed checkpoints of the audit trail."""
    audit_email: str = ""
    """Address, such as the sponsor's governance office, that gets a signed checkpoint each day."""
    vault_url: str = ""
    """Secret. s3+https://KEY:SECRET@host/bucket moves finished recordings there; when empty, they stay in the instance
    folder."""
    trusted_proxies: int = 0
    """How many proxies in front add X-Forwarded-* headers. 0 trusts none."""
    metrics_token: str = ""
    """Secret. What Prometheus sends as its bearer token to read /metrics; when empty, there is no such page."""
    backup_to: Path | None = None
    """Folder, on another disk, into which the worker makes a backup each night; when empty, none is made."""
    backup_keep: int = 14
    """How many nightly backups are kept."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Read the settings.

        Raises:
            SettingsError: naming the variable and what to do.
        """
        known = {field.name: str(field.type) for field in fields(cls)}
        _refuse_unknown(environ, known)
        values = {name: _parse(name, text, known[name]) for name, text in _given(environ, known)}
        values.setdefault("public_url", f"http://localhost:{values.get('port', cls.port)}")
        settings = cls(**values)  # type: ignore[arg-type]
        settings._check()
        return settings

    @property
    def secure(self) -> bool:
        """True where people reach the portal over https."""
        return self.public_url.startswith("https://")

    @property
    def effective_database_url(self) -> str:
        """The database's address, SQLite's default filled in."""
        return self.database_url or f"sqlite:///{self.instance / 'portal.sqlite3'}"

    @property
    def effective_personal_keys_url(self) -> str:
        """The address of the participants' own keys, SQLite's default filled in."""
        return self.personal_keys_url or f"sqlite:///{self.instance / 'keys' / 'personal.sqlite3'}"

    def _check(self) -> None:
        parts = urlsplit(self.public_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
            raise SettingsError(
                "PORTAL_PUBLIC_URL must be an address such as https://study.example.org, with no path behind it"
            )
        if not self.secure and parts.hostname not in ("127.0.0.1", "localhost") and not self.demonstration:
            raise SettingsError("PORTAL_PUBLIC_URL must start with https:// unless it is this machine (127.0.0.1)")
        if (self.notify_email_template or self.notify_sms_template) and len(self.notify_api_key) < _NOTIFY_KEY:
            raise SettingsError("PORTAL_NOTIFY_API_KEY must be the whole key that Notify shows once, name and all")
        for name, url in (("DATABASE_URL", self.database_url), ("PERSONAL_KEYS_URL", self.personal_keys_url)):
            if url and not url.startswith(("postgresql://", "postgresql+psycopg://", "sqlite:///")):
                raise SettingsError(f"PORTAL_{name} must start with postgresql:// (or be empty for SQLite)")
        if self.personal_keys_url and self.personal_keys_url == self.effective_database_url:
            raise SettingsError("PORTAL_PERSONAL_KEYS_URL must not be the data's database: its backups would hold both")


def _refuse_unknown(environ: Mapping[str, str], known: Mapping[str, str]) -> None:
    for variable in environ:
        if not variable.startswith("PORTAL_"):
            continue
        name = variable.removeprefix("PORTAL_").lower()
        if name in known or name.removesuffix("_file") in known:
            continue
        near = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean PORTAL_{near[0].upper()}?" if near else ""
        raise SettingsError(f"{variable} is not a setting of the portal.{hint}")


def _given(environ: Mapping[str, str], known: Mapping[str, str]) -> list[tuple[str, str]]:
    found = []
    for name in known:
        variable = f"PORTAL_{name.upper()}"
        direct, path = environ.get(variable), environ.get(f"{variable}_FILE")
        if direct and path:
            raise SettingsError(f"set {variable} or {variable}_FILE, not both")
        if path:
            found.append((name, _read(f"{variable}_FILE", path)))
        elif direct:
            found.append((name, direct))
    return found


def _read(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{variable} names a file that cannot be read: {error}") from error


def _parse(name: str, text: str, kind: str) -> object:
    variable = f"PORTAL_{name.upper()}"
    if "bool" in kind:
        if text.lower() not in ("1", "true", "yes", "0", "false", "no"):
            raise SettingsError(f"{variable} must be yes or no, not {text!r}")
        return text.lower() in ("1", "true", "yes")
    if "int" in kind:
        if not text.isdecimal() or int(text) > 65535:
            raise SettingsError(f"{variable} must be a number from 0 to 65535, not {text!r}")
        return int(text)
    if "Path" in kind:
        return Path(text).resolve()
    return text
