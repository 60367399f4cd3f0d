"""Fetch a file from an address that a member pasted: only https, only public hosts, small and soon, or not at all.

The name is resolved here and the connection goes to the very address that was looked at, so that a name that resolves
differently a moment later leads nowhere else. Each redirect is looked at in the same way.
"""

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

from portal.booking.errors import CalendarUnreadable

LARGEST = 2_000_000
"""Bytes of a calendar. Years of appointments fit into that."""
_HOPS = 4
_SECONDS = 20.0
_WAIT_SECONDS = 6.0
_CHUNK = 65_536
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Resolve = Callable[[str, int], "list[str]"]
"""Gives the addresses of a host."""


def is_address(url: str) -> bool:
    """Whether the text is an https address of a host, with no user name or password in it."""
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        return False


def is_public(address: str) -> bool:
    """Whether the address is one of the open internet, whichever way it is written."""
    one = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(one, ipaddress.IPv6Address):
        inside = one.ipv4_mapped or one.sixtofour or (one.teredo[1] if one.teredo else None)
        if one in _NAT64:
            inside = ipaddress.IPv4Address(int(one) & 0xFFFFFFFF)
        if inside is not None and not is_public(str(inside)):
            return False
    return one.is_global and not one.is_multicast


class Fetcher:
    """Fetches.

    Args:
        allowed: whether an address may be connected to. Tests let loopback through; nothing else does.
        context: for TLS; the system's authorities unless a test has its own.
    """

    def __init__(
        self,
        *,
        allowed: Callable[[str], bool] = is_public,
        context: ssl.SSLContext | None = None,
        resolve: Resolve | None = None,
        largest: int = LARGEST,
    ) -> None:
        self._allowed = allowed
        self._context = context
        self._resolve = resolve or _resolve
        self._largest = largest

    def get(self, url: str) -> bytes:
        """The file. Raises CalendarUnreadable: its message is a word such as "address" or "slow", never the address."""
        until = time.monotonic() + _SECONDS
        try:
            for _hop in range(_HOPS):
                target, content = self._one(url, until)
                if content is not None:
                    return content
                url = urljoin(url, target)
        except (ssl.SSLError, http.client.HTTPException, UnicodeError, ValueError) as error:
            raise CalendarUnreadable("refused") from error
        except TimeoutError as error:
            raise CalendarUnreadable("slow") from error
        except OSError as error:
            raise CalendarUnreadable("unreachable") from error
        raise CalendarUnreadable("refused")

    def _one(self, url: str, until: float) -> tuple[str, bytes | None]:
        """The file, or where it is instead."""
        if not is_address(url):
            raise CalendarUnreadable("address")
        parts = urlsplit(url)
        host, port = str(parts.hostname), parts.port or 443
        addresses = self._resolve(host, port)
        if not addresses or not all(self._allowed(one) for one in addresses):
            raise CalendarUnreadable("address")
        # The authorities are read when they are needed: few portals follow other calendars, and all would wait for it.
        connection = _Pinned(host, port, addresses[0], self._context or ssl.create_default_context())
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("GET", path, headers={"Accept": "text/calendar", "Accept-Encoding": "identity"})
            answer = connection.getresponse()
            if answer.status in _REDIRECTS:
                return answer.getheader("Location", ""), None
            if answer.status != 200 or answer.getheader("Content-Encoding", "identity") != "identity":
                raise CalendarUnreadable("refused")
            return "", self._body(answer, until)
        finally:
            connection.close()

    def _body(self, answer: http.client.HTTPResponse, until: float) -> bytes:
        parts, size = [], 0
        while part := answer.read1(_CHUNK):
            size += len(part)
            if size > self._largest:
                raise CalendarUnreadable("large")
            if time.monotonic() > until:
                raise CalendarUnreadable("slow")
            parts.append(part)
        return b"".join(parts)


class _Pinned(http.client.HTTPSConnection):
    """Connects to one address, and checks the certificate against the host's name."""

    def __init__(self, host: str, port: int, address: str, context: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=_WAIT_SECONDS, context=context)
        self._address = address
        self._pinned_context = context

    def connect(self) -> None:
        """See http.client."""
        raw = socket.create_connection((self._address, self.port), self.timeout)
        try:
            self.sock = self._pinned_context.wrap_socket(raw, server_hostname=self.host)
        except BaseException:
            raw.close()
            raise


def _resolve(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))
