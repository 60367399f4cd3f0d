"""Ask an RFC 3161 service when a seal was made. It may be down, slow, or answer anything: no consent waits for it.

pyHanko takes whatever token an answer holds. So each sealed file is looked at again before it counts as stamped.
"""

import time
from asyncio import to_thread
from collections.abc import Callable
from datetime import datetime, timedelta

import requests
from asn1crypto import tsp
from pyhanko.sign.timestamps import TimeStamper, TimestampRequestError
from pyhanko.sign.timestamps.common_utils import set_tsp_headers

from portal.clock import Clock

SECONDS = 5
"""So long an answer may take as a whole."""
LARGEST = 64_000
"""Bytes. Answers have 3 000 to 8 000."""
PAUSE = timedelta(minutes=1)
"""So long a service that failed is left alone: not everybody who signs meanwhile should wait for it."""


class HttpTimeStamper(TimeStamper):
    """Asks over HTTP, within a limit of time and size."""

    def __init__(self, url: str, seconds: float = SECONDS) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._url = url
        self._seconds = seconds

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """The service's answer. Raises TimestampRequestError."""
        return await to_thread(self._ask, req.dump())

    def _ask(self, question: bytes) -> tsp.TimeStampResp:
        try:
            return tsp.TimeStampResp.load(self._answer(question), strict=True)
        except ValueError as error:
            raise TimestampRequestError("the answer is no time stamp") from error

    def _answer(self, question: bytes) -> bytes:
        until = time.monotonic() + self._seconds
        headers = set_tsp_headers({})
        with requests.post(self._url, question, headers=headers, timeout=self._seconds, stream=True) as answer:
            if not (answer.ok and answer.headers.get("Content-Type", "").startswith("application/timestamp-reply")):
                raise TimestampRequestError("the service did not answer with a time stamp")
            got = bytearray()
            for byte in answer.iter_content(1):
                got += byte
                if len(got) > LARGEST or time.monotonic() > until:
                    raise TimestampRequestError("the answer is too long, or too slow")
        return bytes(got)


class TimeService:
    """The service, left alone for a while after it has failed. Thread-safe."""

    def __init__(self, make: Callable[[], TimeStamper], clock: Clock) -> None:
        """
        Args:
            make: gives what asks the service; asked anew after a failure, since it keeps what it saw of the service.
        """
        self._make = make
        self._clock = clock
        self._stamper: TimeStamper | None = None
        self._rests_until: datetime | None = None

    def stamper(self) -> TimeStamper | None:
        """What asks the service; None while it is left alone."""
        if self._rests_until is not None and self._clock() < self._rests_until:
            return None
        if self._stamper is None:
            self._stamper = self._make()
        return self._stamper

    def failed(self) -> None:
        """Leave it alone for a while."""
        self._stamper, self._rests_until = None, self._clock() + PAUSE
