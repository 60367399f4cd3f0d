"""Which of a connection's streams a packet belongs to: by its source, and by the m-line that it names itself."""

from collections.abc import Callable, Sequence

from portal.rooms.media import rtp
from portal.rooms.media.inbound import Inbound
from portal.rooms.media.sdp import MID, Line

MOST = 64
"""Sources that one connection may have at most, those of reports too: libsrtp keeps each for as long as the connection
lasts, and looks through all of them at every packet."""
Known = tuple[Inbound, bool]
"""A stream, and whether the source repeats what was lost of it (RTX)."""


class Sources:
    """What is known of who sends in which of the m-lines."""

    def __init__(self, lines: Sequence[Line], streams: Sequence[Inbound]) -> None:
        self._lines = tuple(zip(lines, streams, strict=True))
        self._known: dict[int, Known] = {}
        self.find: Callable[[int], Known | None] = self._known.get
        """The stream of a source that is known."""
        for line, stream in self._lines:
            for ssrc in line.ssrcs[:1]:
                stream.ssrc = ssrc
                self._known[ssrc] = stream, False
            for ssrc in line.rtx_ssrcs[:1]:
                self._known[ssrc] = stream, True
        self._heard = set(self._known)

    def check(self, ssrc: int) -> None:
        """Before a packet is opened. Raises ValueError where its source would be one too many."""
        if ssrc not in self._heard and len(self._heard) >= MOST:
            raise ValueError("too many sources")

    def heard(self, ssrc: int) -> None:
        """After a packet was opened: libsrtp has this source from now on."""
        self._heard.add(ssrc)

    def identify(self, plain: rtp.Buffer, ssrc: int, now: float) -> Known | None:
        """A packet was opened. A source that the offer did not name says in a header extension which m-line it is of.

        Raises ValueError where the packet contradicts itself.
        """
        self.heard(ssrc)
        rtp.payload_bounds(plain)
        codec = plain[1] & 0x7F
        for line, stream in self._lines:
            number = line.extension(MID)
            if number is None or rtp.extension(plain, number) != line.mid.encode("utf-8"):
                continue
            if codec not in (line.codec, line.rtx):
                return None
            repair = codec == line.rtx
            if not repair:
                self._begin_anew(stream, ssrc, now)
            self._known[ssrc] = stream, repair
            return stream, repair
        return None

    def _begin_anew(self, stream: Inbound, ssrc: int, now: float) -> None:
        for one in [one for one, known in self._known.items() if known == (stream, False)]:
            del self._known[one]
        stream.restart(ssrc)
        stream.request_keyframe(now)
