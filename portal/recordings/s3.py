"""A vault on any service with the S3 interface, for larger sites.

`s3+https://KEY:SECRET@host/bucket` or `s3+https://KEY:SECRET@host/bucket/prefix?region=eu-west-2`. What a key or a
secret has of `/`, `:` and `@` is percent-encoded. Plain `s3+http://` is only for a service on the same machine.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from portal.recordings.domain import RECORDING_ID
from portal.recordings.errors import RecordingUnknown, VaultError
from portal.recordings.vault import ENTRY, Entry

_PARTS = TransferConfig(multipart_threshold=16 << 20, multipart_chunksize=16 << 20, use_threads=False)
_GONE = ("NoSuchKey", "404", "NotFound")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class S3:
    """Recordings as objects `<prefix>/<recording>/<file>`. Thread-safe, as boto3's clients are."""

    def __init__(self, url: str) -> None:
        """Read the address. Nothing is asked of the service yet. Raises ValueError, with nothing secret in it."""
        parts = urlsplit(url)
        bucket, _, prefix = parts.path.lstrip("/").partition("/")
        scheme = parts.scheme.removeprefix("s3+")
        if parts.scheme not in ("s3+https", "s3+http") or not (parts.hostname and bucket and parts.username):
            raise ValueError("it must look like s3+https://KEY:SECRET@host/bucket")
        if scheme == "http" and parts.hostname not in _LOOPBACK:
            raise ValueError("it must start with s3+https:// unless the service is on this machine")
        self._bucket, self._prefix = bucket, f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        port = f":{parts.port}" if parts.port else ""
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        self._client: Any = boto3.client(
            "s3", endpoint_url=f"{scheme}://{host}{port}", aws_access_key_id=unquote(parts.username),
            aws_secret_access_key=unquote(parts.password or ""),
            region_name=parse_qs(parts.query).get("region", ["us-east-1"])[0],
            config=Config(
                signature_version="s3v4", s3={"addressing_style": "path"}, connect_timeout=5, read_timeout=60,
                retries={"mode": "standard", "max_attempts": 4},
            ),
        )  # fmt: skip

    def recordings(self) -> Iterator[str]:
        """The recordings that the bucket holds."""
        with _translated():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix, Delimiter="/"
            )
            for page in pages:
                for one in page.get("CommonPrefixes", []):
                    name = one["Prefix"].removeprefix(self._prefix).rstrip("/")
                    if RECORDING_ID.fullmatch(name):
                        yield name

    def entries(self, recording: str) -> list[Entry]:
        """The files of a recording."""
        folder = self._folder(recording)
        with _translated():
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=folder)
            found = [
                Entry(one["Key"].removeprefix(folder), one["Size"])
                for page in pages
                for one in page.get("Contents", [])
            ]
        return [one for one in found if ENTRY.fullmatch(one.name)]

    def read_at(self, recording: str, name: str, start: int, length: int) -> bytes:
        """A stretch of a file."""
        if length <= 0:
            return b""
        with _translated(beyond=b"") as answer:
            got = self._client.get_object(
                Bucket=self._bucket, Key=self._key(recording, name), Range=f"bytes={start}-{start + length - 1}"
            )
            answer.append(got["Body"].read())
        return answer[0]

    def put(self, recording: str, name: str, content: bytes) -> None:
        """Keep a small file."""
        with _translated():
            self._client.put_object(
                Bucket=self._bucket, Key=self._key(recording, name), Body=content, ChecksumAlgorithm="SHA256"
            )

    def put_file(self, recording: str, path: Path) -> None:
        """Upload a file, in parts with a checksum each, and ask whether all of it has arrived."""
        key = self._key(recording, path.name)
        with _translated():
            self._client.upload_file(
                str(path), self._bucket, key, ExtraArgs={"ChecksumAlgorithm": "SHA256"}, Config=_PARTS
            )
            arrived = self._client.head_object(Bucket=self._bucket, Key=key)["ContentLength"]
        if arrived != path.stat().st_size:
            raise VaultError(f"only {arrived} bytes of {path.name} have arrived")

    def destroy(self, recording: str) -> None:
        """Delete every object of the recording, and every earlier version of one."""
        folder = self._folder(recording)
        with _translated():
            pages = self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=folder)
            for page in pages:
                for one in (*page.get("Versions", []), *page.get("DeleteMarkers", [])):
                    self._client.delete_object(Bucket=self._bucket, Key=one["Key"], VersionId=one["VersionId"])

    def _folder(self, recording: str) -> str:
        if not RECORDING_ID.fullmatch(recording):
            raise RecordingUnknown("this is not the name of a recording")
        return f"{self._prefix}{recording}/"

    def _key(self, recording: str, name: str) -> str:
        if not ENTRY.fullmatch(name):
            raise RecordingUnknown("the recording has no such file")
        return self._folder(recording) + name


@contextmanager
def _translated(beyond: bytes | None = None) -> Iterator[list[bytes]]:
    """Errors of the service as ours; a range behind the end of a file as `beyond`."""
    answer: list[bytes] = []
    try:
        yield answer
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code == "InvalidRange" and beyond is not None:
            answer.append(beyond)
            return
        if code in _GONE:
            raise RecordingUnknown("the recording has no such file") from error
        raise VaultError(f"the vault's service refused: {code}") from error
    except (BotoCoreError, OSError) as error:
        raise VaultError(f"the vault's service does not answer: {type(error).__name__}") from error
