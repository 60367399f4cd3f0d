"""Figures about the media process in Prometheus' text format. Counts only: no room, no person."""

from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from portal.rooms.media.room import Room


def write(rooms: Iterable[Room], dropped: Mapping[str, int], refused: Mapping[str, int], journal_failures: int) -> str:
    """The present figures."""
    registry = CollectorRegistry()
    held = list(rooms)
    members = [one for room in held for one in room.members.values()]
    peers = [one.peer for one in members if one.peer is not None]
    _gauge(registry, "portal_media_rooms", "Rooms that are open", len(held))
    _gauge(registry, "portal_media_people", "People with a connection", sum(one.connected for one in members))
    _gauge(
        registry, "portal_media_recordings", "Rooms that are being recorded",
        sum(room.recorder.state == "running" for room in held),
    )  # fmt: skip
    _gauge(
        registry, "portal_media_recordings_failed", "Rooms whose recording failed",
        sum(room.recorder.state == "failed" for room in held),
    )  # fmt: skip
    _gauge(registry, "portal_media_received_packets", "Packets received in open connections",
           sum(stream.received for peer in peers for stream in peer.inbounds))  # fmt: skip
    _gauge(registry, "portal_media_sent_packets", "Packets forwarded in open connections",
           sum(output.packets for peer in peers for pair in peer.slots for output in pair))  # fmt: skip
    drops = Counter("portal_media_dropped_datagrams", "Datagrams dropped, by reason", ["reason"], registry=registry)
    for reason, count in dropped.items():
        drops.labels(reason).inc(count)
    refusals = Counter(
        "portal_media_refusals", "Tickets, offers and commands refused, by code", ["code"], registry=registry
    )
    for code, count in refused.items():
        refusals.labels(code).inc(count)
    _gauge(registry, "portal_media_journal_failures", "Journal lines that the disk refused", journal_failures)
    return generate_latest(registry).decode("utf-8")


def _gauge(registry: CollectorRegistry, name: str, about: str, value: float) -> None:
    Gauge(name, about, registry=registry).set(value)
