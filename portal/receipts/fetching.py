"""Where the printer may read from: pictures that are handed over with the page, and nothing else in the world."""

from collections.abc import Mapping
from dataclasses import dataclass

from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

SCHEME = "receipt-picture:"


class RefusedAddress(FatalURLFetchingError):
    """A page asked for something outside itself. Stops the printing: our pages never do."""


@dataclass(frozen=True)
class PictureInMemory:
    """A picture's bytes and media type."""

    content: bytes
    media_type: str


class OnlyOurs(URLFetcher):
    """Serves the pictures of one page by name; refuses files, the network, data: and everything else."""

    def __init__(self, pictures: Mapping[str, PictureInMemory] | None = None) -> None:
        super().__init__(allowed_protocols=(), allow_redirects=False, fail_on_errors=True)
        self._pictures = dict(pictures or {})

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:
        """The picture of this address. Raises RefusedAddress."""
        found = self._pictures.get(url)
        if found is None:
            raise RefusedAddress(f"a receipt's page asked for an address of the kind {url.split(':', maxsplit=1)[0]!r}")
        return URLFetcherResponse(url, body=found.content, headers={"Content-Type": found.media_type})
