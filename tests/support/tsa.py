"""A real time-stamping authority (RFC 3161) on loopback: OpenSSL answers, a small HTTP server carries it."""

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from asn1crypto import tsp

_EXTENSIONS = """
[req]
distinguished_name = dn
prompt = no
[dn]
O = Invented Time Service
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[stamps]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[tsa]
default_tsa = here
[here]
serial = serial
crypto_device = builtin
signer_cert = tsa.pem
signer_key = tsa.key
certs = root.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
"""


@dataclass
class Authority:
    """The authority: its certificates, what it was asked, and how it answers."""

    folder: Path
    url: str = ""
    asked: int = 0
    answer: tuple[int, str, bytes] | None = None
    """Instead of a time stamp: status, media type, body."""
    trickle: float = 0
    """Seconds between the bytes of an answer."""
    other_digest: bool = False
    """Stamp something else than what was asked, under the nonce that was asked."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def root(self) -> Path:
        """The certificate that vouches for it."""
        return self.folder / "root.pem"

    def stamp(self, question: bytes) -> bytes:
        with self._lock:  # OpenSSL counts its serial numbers in a file
            self.asked += 1
            (self.folder / "question").write_bytes(_of_other_bytes(question) if self.other_digest else question)
            self.openssl("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "question", "-out", "answer")
            return (self.folder / "answer").read_bytes()

    def openssl(self, *words: str) -> str:
        command = ["openssl", *words]
        return subprocess.run(command, cwd=self.folder, check=True, capture_output=True, text=True).stdout


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    authority: Authority


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        authority = self.server.authority
        question = self.rfile.read(int(self.headers["Content-Length"]))
        status, kind, body = authority.answer or (200, "application/timestamp-reply", authority.stamp(question))
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            if not authority.trickle:
                self.wfile.write(body)
                return
            for byte in body:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(authority.trickle)
        except OSError:
            self.close_connection = True  # the other side gave up waiting

    def log_message(self, *_args: object) -> None:
        """Quiet."""


def make(folder: Path) -> Authority:
    """An authority with keys and certificates of its own, not serving yet."""
    folder.mkdir(parents=True)
    (folder / "tsa.cnf").write_text(_EXTENSIONS)
    (folder / "serial").write_text("01\n")
    made = Authority(folder)
    new = ("-config", "tsa.cnf", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    made.openssl("req", "-x509", *new, "-keyout", "root.key", "-out", "root.pem", "-extensions", "root", "-days", "30")
    made.openssl(
        "req", "-x509", *new, "-keyout", "tsa.key", "-out", "tsa.pem", "-extensions", "stamps", "-days", "20",
        "-subj", "/O=Invented Time Service/CN=Stamps", "-CA", "root.pem", "-CAkey", "root.key",
    )  # fmt: skip
    return made


@contextmanager
def serving(authority: Authority) -> Iterator[Authority]:
    """Answering while the block runs."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.authority = authority
    authority.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield authority
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _of_other_bytes(question: bytes) -> bytes:
    asked = tsp.TimeStampReq.load(question)
    digest = bytes(32)
    asked["message_imprint"] = {
        "hash_algorithm": asked["message_imprint"]["hash_algorithm"].native, "hashed_message": digest
    }  # fmt: skip
    return asked.dump(force=True)
