"""The organisation's sealing certificate: supplied as PKCS#12, or made at first start.

A certificate of our own is not in Adobe's list of trusted issuers, and says so there; `portal verify` and /verify check
against it. It is valid for 25 years, longer than the receipts must be kept.
"""

import os
import secrets
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from portal.receipts.errors import CertificateError

VALID = timedelta(days=25 * 365)


def load_or_make(path: Path, *, passphrase: str, organisation: str, at: datetime) -> bytes:
    """The PKCS#12 file's bytes; made (mode 0600) when it is not there. Processes that start at once agree."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write_new(path, make(organisation, at, passphrase))
    data = path.read_bytes()
    certificate_of(data, passphrase)
    return data


def make(organisation: str, at: datetime, passphrase: str = "") -> bytes:
    """A fresh P-256 key and self-signed certificate, as PKCS#12."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation[:64]),
            x509.NameAttribute(NameOID.COMMON_NAME, "Consent receipts"),
        ]
    )
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + VALID)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    locked: KeySerializationEncryption = NoEncryption()
    if passphrase:
        locked = BestAvailableEncryption(passphrase.encode())
    return pkcs12.serialize_key_and_certificates(b"seal", key, certificate, None, locked)


def certificate_of(pkcs12_data: bytes, passphrase: str) -> bytes:
    """The public certificate as PEM. Raises CertificateError."""
    try:
        key, certificate, _ = pkcs12.load_key_and_certificates(pkcs12_data, passphrase.encode() or None)
    except ValueError as error:
        raise CertificateError("the PKCS#12 file of the seal does not open: wrong passphrase, or damaged") from error
    if key is None or certificate is None:
        raise CertificateError("the PKCS#12 file of the seal must hold a private key and its certificate")
    return certificate.public_bytes(Encoding.PEM)


def _write_new(path: Path, data: bytes) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
