"""Encrypted files over HTTP: whole, or the stretch that was asked for, so that seeking and resuming fetch little."""

from collections.abc import Iterator

from flask import Request
from werkzeug.wrappers import Response

from portal.recordings.service import Stored

_PIECE = 1 << 20


def serve(stored: Stored, request: Request, tag: str, *, save_as: str = "") -> Response:
    """The answer to a request for a file.

    Args:
        tag: changes whenever the file's bytes do.
        save_as: the name under which a browser saves it; when empty, it is for a script.
    """
    start, stop, status = _wanted(stored.size, request, tag)
    answer = Response(_pieces(stored, start, stop), status, mimetype="application/octet-stream")
    answer.content_length = stop - start
    answer.accept_ranges = "bytes"
    answer.set_etag(tag)
    if status != 200:
        span = f"{start}-{stop - 1}" if status == 206 else "*"
        answer.headers["Content-Range"] = f"bytes {span}/{stored.size}"
    if save_as:
        answer.headers["Content-Disposition"] = f'attachment; filename="{save_as}"'
    return answer


def _wanted(size: int, request: Request, tag: str) -> tuple[int, int, int]:
    """First byte, the byte behind the last one, and the status. Several stretches at once get the whole file."""
    span, only_if = request.range, request.if_range
    changed = bool(only_if.date or (only_if.etag and only_if.etag != tag))
    if span is None or span.units != "bytes" or len(span.ranges) != 1 or changed:
        return 0, size, 200
    found = span.range_for_length(size)
    return (found[0], found[1], 206) if found else (0, 0, 416)


def _pieces(stored: Stored, start: int, stop: int) -> Iterator[bytes]:
    at = start
    while at < stop:
        piece = stored.read_at(at, min(_PIECE, stop - at))
        if not piece:
            return  # the connection ends short of its length, which the browser notices
        at += len(piece)
        yield piece
