"""The organisation's sealing key and certificate: supplied as PKCS#12, or made at first start.

A certificate of our own is on nobody's list of trusted issuers, and PDF readers say so; `portal verify` and the
verification page check against it by name. It lives longer than receipts must be kept.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from portal.canonical import sha256_hex
from portal.key_files import write_new
from portal.receipts.errors import SealKeyUnavailable

KEY_FILE = "seal.p12"
CERTIFICATE_FILE = "seal-certificate.pem"
LIFE = timedelta(days=30 * 365)


@dataclass(frozen=True)
class SealingKey:
    """A private key with its certificate, as PKCS#12."""

    pkcs12: bytes = field(repr=False)
    passphrase: str = field(repr=False)
    certificate_pem: bytes
    not_before: datetime
    not_after: datetime

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of the certificate."""
        return fingerprint_of(self.certificate_pem)


def load(path: Path, passphrase: str = "") -> SealingKey:
    """The key in a PKCS#12 file. Raises SealKeyUnavailable."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SealKeyUnavailable(f"the sealing key cannot be read: {error.strerror}") from error
    try:
        key, certificate, _ = pkcs12.load_key_and_certificates(data, passphrase.encode() or None)
    except ValueError as error:
        raise SealKeyUnavailable("the sealing key does not open: wrong passphrase, or a damaged file") from error
    if key is None or certificate is None:
        raise SealKeyUnavailable("the PKCS#12 file must hold a private key and its certificate")
    pem = certificate.public_bytes(Encoding.PEM)
    return SealingKey(data, passphrase, pem, certificate.not_valid_before_utc, certificate.not_valid_after_utc)


def load_or_make(folder: Path, *, organisation: str, at: datetime, passphrase: str = "") -> SealingKey:
    """The key in the folder, made there (mode 0600) at first start. Processes that start at once agree.

    Raises:
        SealKeyUnavailable: the file does not open; or it is gone while its certificate is still there: then a new
            key would make nobody able to tell old receipts from forgeries, and the old one must be restored.
    """
    path, public = folder / KEY_FILE, folder / CERTIFICATE_FILE
    if not path.exists():
        if public.exists():
            raise SealKeyUnavailable(f"{KEY_FILE} is missing but {CERTIFICATE_FILE} is there: restore it from a backup")
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_new(path, make(organisation, at, passphrase))
    key = load(path, passphrase)
    if not public.exists():
        write_new(public, key.certificate_pem, mode=0o644)
    return key


def make(organisation: str, at: datetime, passphrase: str = "") -> bytes:
    """A fresh P-256 key with its own certificate, as PKCS#12."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation[:64]),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{organisation[:50]} receipts"),
        ]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_for_sealing(), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )
    locked: KeySerializationEncryption = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    return pkcs12.serialize_key_and_certificates(b"seal", key, certificate, None, locked)


def fingerprint_of(certificate_pem: bytes) -> str:
    """SHA-256 (hex) of a certificate given as PEM."""
    return sha256_hex(x509.load_pem_x509_certificate(certificate_pem).public_bytes(Encoding.DER))


def _for_sealing() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
