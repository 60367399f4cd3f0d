"""The room as one member may see it; docs/rooms-protocol.md lists what is in it."""

import time
from collections.abc import Mapping
from typing import Protocol

from portal.rooms.media.lines import Lines
from portal.rooms.media.members import Member
from portal.rooms.media.state import State


class Recorder(Protocol):
    """What pages are told of a recording."""

    def snapshot(self, *, possible: bool) -> dict[str, object]:
        """What every page is told."""

    def records(self, person: str) -> bool:
        """True while this person is being recorded."""


class Shown(Protocol):
    """What is shown of a room."""

    name: str
    members: dict[str, Member]
    state: State
    distress: bool
    lines: Lines

    @property
    def recorder(self) -> Recorder:
        """Its recording."""

    def present(self) -> list[Member]:
        """Who is admitted and connected."""


def snapshot(room: Shown, viewer: Member) -> dict[str, object]:
    """What the viewer's page is told. Who waits sees nobody but those who run the room."""
    shown = [one for one in room.members.values() if one.admitted and (viewer.admitted or one.role.runs_room)]
    share = next((one.person for one in room.present() if one.sharing), None)
    return {
        "type": "room", "room": room.name, "you": viewer.person, "admitted": viewer.admitted,
        "distress": room.distress, "at": round(time.time(), 3),
        "people": [
            one.seen_by(
                viewer, recorded=room.recorder.records(one.person), withdrawn=one.person in room.state.withdrawn
            )
            for one in shown
        ],
        "recording": room.recorder.snapshot(possible=any(one.may_be_recorded for one in shown)),
        "share": share if viewer.admitted else None,
        **(_for_who_runs(room) if viewer.role.runs_room else _FOR_OTHERS),
    }  # fmt: skip


_FOR_OTHERS: Mapping[str, object] = {"waiting": [], "stopped": [], "talk_since": None, "lines": None}


def _for_who_runs(room: Shown) -> Mapping[str, object]:
    return {
        "waiting": [
            {
                "person": one.person, "role": one.role.value, "name": one.ticket.name,
                "connected": one.lost_at is None, "line": room.lines.state(one.person),
            }
            for one in room.members.values() if not one.admitted
        ],
        "stopped": [one.told() for one in room.state.stopped.values()],
        "talk_since": room.state.talk_since, "lines": room.lines.memory,
    }  # fmt: skip
