"""Keys and data channels: the one module that reaches into aiortc. `test_canary.py` fails when what it reaches moves.

aiortc's DTLS transport only ever sees DTLS here. Media takes the short way: the wire hands SRTP datagrams to the
connection, which uses the two SRTP sessions that the handshake made.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, cast

from aiortc.rtcdatachannel import RTCDataChannel
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport
from aiortc.rtcicetransport import RTCIceTransport
from aiortc.rtcsctptransport import RTCSctpCapabilities, RTCSctpTransport

from portal.rooms.media.srtp import Protect, Unprotect, protecting, unprotecting

log = logging.getLogger(__name__)

QUEUE = 64
"""DTLS datagrams that wait at most; a sender that is faster than this loses some, as on any network."""
CHANNELS = 4
"""Data channels that a browser may open before its connection is closed: it needs one."""
LONGEST_MESSAGE = 65_536
_ALERT = 21


class Identity:
    """The certificate of this process. Its fingerprint goes into every answer."""

    def __init__(self) -> None:
        self.certificate = RTCCertificate.generateCertificate()
        self.fingerprint = next(one for one in self.certificate.getFingerprints() if one.algorithm == "sha-256").value


class _Pipe:
    """What aiortc's DTLS transport takes for its ICE transport."""

    role = "controlled"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE)
        self._out = send

    async def _recv(self) -> bytes:
        data = await self.queue.get()
        if data is None:
            raise ConnectionError
        return data

    async def _send(self, data: bytes) -> None:
        self._out(data)


class Secure:
    """One person's DTLS association: SRTP keys for the media, SCTP for the data channel."""

    def __init__(
        self,
        identity: Identity,
        send: Callable[[bytes], None],
        *,
        opened: Callable[[], None],
        channel: Callable[[Any], None],
        closed: Callable[[], None],
    ) -> None:
        self._pipe = _Pipe(send)
        self._dtls = RTCDtlsTransport(cast(RTCIceTransport, self._pipe), [identity.certificate])
        self._dtls._set_role("server")
        self._sctp = RTCSctpTransport(self._dtls)
        self._opened, self._channel, self._closed = opened, channel, closed
        self._task: asyncio.Task[None] | None = None
        self.protect: Protect | None = None
        self.protect_rtcp: Callable[[bytes], bytes] | None = None
        self.unprotect: Unprotect | None = None
        self.unprotect_rtcp: Callable[[bytes], bytes] | None = None

    @property
    def sctp_port(self) -> int:
        """The port to write into the answer."""
        return int(self._sctp.port)

    def start(self, fingerprints: list[tuple[str, str]], remote_sctp_port: int) -> None:
        """Wait for the browser's handshake, in a task."""
        self._task = asyncio.create_task(self._run(fingerprints, remote_sctp_port))

    def receive(self, data: bytes) -> None:
        """A DTLS datagram from the browser. A plaintext alert is nothing that the browser needs to say, and anybody
        could have forged it: it is dropped."""
        if data[0] == _ALERT and data[3:5] == b"\0\0":
            return
        if not self._pipe.queue.full():
            self._pipe.queue.put_nowait(data)

    async def stop(self) -> None:
        """Say goodbye and end."""
        self._dtls.remove_all_listeners()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._sctp.stop()
        await self._dtls.stop()

    async def _run(self, fingerprints: list[tuple[str, str]], remote_sctp_port: int) -> None:
        self._dtls.on("statechange", self._changed)
        await self._dtls.start(RTCDtlsParameters([RTCDtlsFingerprint(name, value) for name, value in fingerprints]))
        if self._dtls.state != "connected":
            self._closed()
            return
        receiving, sending = self._dtls._rx_srtp, self._dtls._tx_srtp
        self.protect, self.protect_rtcp = protecting(sending), sending.protect_rtcp
        self.unprotect, self.unprotect_rtcp = unprotecting(receiving), receiving.unprotect_rtcp
        self._sctp.on("datachannel", self._channel_opened)
        await self._sctp.start(RTCSctpCapabilities(LONGEST_MESSAGE), remote_sctp_port)
        self._dtls._data_receiver = _Guarded(self._sctp._handle_data)
        self._opened()

    def _channel_opened(self, channel: RTCDataChannel) -> None:
        if len(self._sctp._data_channels) > CHANNELS:
            self._closed()
        else:
            self._channel(channel)

    def _changed(self) -> None:
        if self._dtls.state == "closed":
            self._closed()


class _Guarded:
    """Takes SCTP packets and lets none of their failures close the transport."""

    def __init__(self, handle: Callable[[bytes], Awaitable[None]]) -> None:
        self._handle = handle

    async def _handle_data(self, data: bytes) -> None:
        try:
            await self._handle(data)
        except Exception as error:  # any bytes may be in there, and the call must go on
            log.debug("a data channel packet failed", exc_info=error)
