"""What each command does. Who may give it was checked before."""

import time
from collections.abc import Callable, Mapping
from typing import Protocol

from portal.rooms.media.commands import TEXT, Command, Refused
from portal.rooms.media.lines import Lines
from portal.rooms.media.members import Member, Quality
from portal.rooms.media.stopping import Wish


class Recorder(Protocol):
    """What commands ask of a room's recording."""

    @property
    def state(self) -> str:
        """`off`, `starting`, `running`, `paused`, `stopped` or `failed`."""

    def start(self, by: str) -> None:
        """Tell everybody, then record. Raises Refused."""

    def pause(self, by: str) -> None:
        """Keep nothing from now on, until resumed. Raises Refused."""

    def resume(self, by: str) -> None:
        """Tell everybody, then go on. Raises Refused."""

    def stop(self, by: str) -> None:
        """End the recording; what is recorded stays. Raises Refused."""

    def told(self, member: Member) -> None:
        """A page confirmed a notice."""


class Stage(Protocol):
    """What commands ask of a room."""

    members: dict[str, Member]
    lines: Lines
    distress: bool

    @property
    def recorder(self) -> Recorder:
        """The room's recording."""

    @property
    def note(self) -> Callable[..., None]:
        """Writes a journal line."""

    def announce(self, code: str, person: str | None = None) -> None:
        """Tell everybody something happened."""

    def tell(self, member: Member, message: dict[str, object]) -> bool:
        """Tell one; False where she cannot be reached."""

    def snapshot(self, viewer: Member) -> dict[str, object]:
        """The room as she may see it."""

    def let_in(self, member: Member) -> None:
        """Admit."""

    def part(self, member: Member, reason: str) -> None:
        """She leaves."""

    def stop(self, wish: Wish) -> None:
        """Somebody needs to stop."""

    def end(self, reason: str) -> None:
        """It is over for all."""

    def rewire(self) -> None:
        """Make slots and pages agree with who is here."""

    def publish(self) -> None:
        """Send everybody the room as it is."""


def perform(room: Stage, member: Member, command: Command) -> None:
    """Carry the command out. Raises Refused."""
    _ACTS[command.kind](room, member, command)


def _hello(room: Stage, member: Member, _command: Command) -> None:
    room.tell(member, room.snapshot(member))


def _told(room: Stage, member: Member, command: Command) -> None:
    member.told = max(member.told, command.number("notice"))
    room.recorder.told(member)


def _state(room: Stage, member: Member, command: Command) -> None:
    microphone, camera, sharing = (command.flag(name) for name in ("microphone", "camera", "sharing"))
    if sharing and not member.sharing:
        if not member.ticket.may_share or not member.admitted:
            raise Refused("not_allowed")
        if any(other.sharing for other in room.members.values()):
            raise Refused("share_taken")
    if microphone is not None:
        member.microphone = microphone
    if camera is not None:
        member.camera = camera and member.ticket.video
    if sharing is not None and sharing != member.sharing:
        member.sharing = sharing
        event = "sharing_started" if sharing else "sharing_stopped"
        room.note(event, person=member.person)
        room.announce(event, member.person)
    room.rewire()


def _quality(room: Stage, member: Member, command: Command) -> None:
    level = command.text("level", 10)
    if level not in list(Quality):
        raise Refused("bad_message")
    if member.quality != level:
        member.quality = Quality(level)
        room.publish()


def _admit(room: Stage, _member: Member, command: Command) -> None:
    room.let_in(_waiting(room, command))


def _decline(room: Stage, _member: Member, command: Command) -> None:
    room.part(_waiting(room, command), "declined")


def _message(room: Stage, _member: Member, command: Command) -> None:
    text = command.text("text", TEXT)
    name = command.text("name", 64) if command.fields.get("name") is not None else None
    chosen = [_waiting(room, command, "to")] if command.fields.get("to") is not None else _all_waiting(room)
    if not chosen:
        raise Refused("nobody_waits")
    room.lines.write(chosen, text, name)
    room.publish()


def _shown(room: Stage, member: Member, command: Command) -> None:
    if room.lines.shown(member, command.number("line")):
        room.publish()


def _mute_request(room: Stage, member: Member, command: Command) -> None:
    asked = room.members.get(command.text("person", 64))
    if asked is None or not asked.admitted:
        raise Refused("no_such_person")
    room.tell(asked, {"type": "mute_request", "person": member.person})


def _record_start(room: Stage, member: Member, _command: Command) -> None:
    _not_in_distress(room)
    room.recorder.start(member.person)


def _record_pause(room: Stage, member: Member, _command: Command) -> None:
    room.recorder.pause(member.person)


def _record_resume(room: Stage, member: Member, _command: Command) -> None:
    _not_in_distress(room)
    room.recorder.resume(member.person)


def _record_stop(room: Stage, member: Member, _command: Command) -> None:
    room.recorder.stop(member.person)


def _distress(room: Stage, member: Member, _command: Command) -> None:
    hold_recording(room, member.person)
    room.distress = True
    room.note("distress", person=member.person)
    room.announce("distress", member.person)
    room.publish()


def _distress_over(room: Stage, member: Member, _command: Command) -> None:
    room.distress = False
    room.note("distress_over", person=member.person)
    room.announce("distress_over", member.person)
    room.publish()


def _pause_please(room: Stage, member: Member, _command: Command) -> None:
    hold_recording(room, member.person)
    room.note("pause_please", person=member.person)
    room.announce("pause_please", member.person)


def _need_to_stop(room: Stage, member: Member, command: Command) -> None:
    name = None if command.id is None else str(command.id)
    room.stop(Wish(member.person, member.role.value, name, time.time()))


def _leave(room: Stage, member: Member, _command: Command) -> None:
    room.part(member, "left")


def _end(room: Stage, _member: Member, _command: Command) -> None:
    room.end("ended")


def _not_in_distress(room: Stage) -> None:
    """Every page says that nothing is recorded until the pause for distress is over."""
    if room.distress:
        raise Refused("distress")


def hold_recording(room: Stage, person: str) -> None:
    """Pause the recording if there is one, for this person."""
    if room.recorder.state in ("starting", "running"):
        room.recorder.pause(person)


def _waiting(room: Stage, command: Command, name: str = "person") -> Member:
    found = room.members.get(command.text(name, 64))
    if found is None or found.admitted:
        raise Refused("no_such_person")
    return found


def _all_waiting(room: Stage) -> list[Member]:
    return [one for one in room.members.values() if not one.admitted]


_ACTS: Mapping[str, Callable[[Stage, Member, Command], None]] = {
    "hello": _hello, "told": _told, "state": _state, "quality": _quality, "admit": _admit, "decline": _decline,
    "message": _message, "shown": _shown, "mute_request": _mute_request, "record_start": _record_start,
    "record_pause": _record_pause, "record_resume": _record_resume, "record_stop": _record_stop,
    "stop_recording": _record_stop, "distress": _distress, "distress_over": _distress_over,
    "pause_please": _pause_please, "need_to_stop": _need_to_stop, "leave": _leave, "end": _end,
}  # fmt: skip
