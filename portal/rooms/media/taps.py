"""What the recorder takes from the streams: nothing is looked at here, only kept until the next batch is written."""

from collections.abc import Callable

from portal.rooms.media.inbound import Inbound, Packet
from portal.rooms.media.recorded import Event, Media, Report

PACKET_OVERHEAD = 100
"""Bytes of memory that a waiting packet takes beside its payload."""
MOST = 5_000
"""Packets of one stream that are taken between two batches at most: more than a camera sends in 10 s. What a flood has
beyond that is lost to the recording, so that composing it cannot hold up what is forwarded."""


class Tap:
    """One stream's packets and reports, in order."""

    def __init__(self, person: str, stream: Inbound) -> None:
        self._person, self._stream = person, stream
        self._packets: list[Packet] = []
        self._reports: list[Report] = []
        self.forward: Callable[[Packet], None] = self._packets.append
        stream.sinks = (*stream.sinks, self)
        for report in stream.sender_reports:
            self.reported(*report)

    @property
    def bytes(self) -> int:
        """Memory that waits to be fetched."""
        return sum(len(packet[3]) + PACKET_OVERHEAD for packet in self._packets)

    def reported(self, ntp: int, stamp: int, now: float) -> None:
        """Keep one sender report."""
        self._reports.append(Report(self._person, self._stream.kind, ntp, stamp, now))

    def began_anew(self) -> None:
        """Nothing to do: the packets themselves show it."""

    def drain(self) -> list[Event]:
        """What came since the last time. Packets come first: a report is about time stamps like theirs."""
        events: list[Event] = []
        if self._packets:
            events.append(Media(self._person, self._stream.kind, self._packets[:MOST]))
            self._packets.clear()
        events += self._reports
        self._reports.clear()
        return events

    def close(self) -> None:
        """Take nothing any more, and let go of what was not fetched."""
        self._stream.sinks = tuple(sink for sink in self._stream.sinks if sink is not self)
        self._packets.clear()
        self._reports.clear()
