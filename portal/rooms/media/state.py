"""What a room remembers over a crash of the process: read back from its journal."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from portal.rooms.media import stopping
from portal.rooms.media.journal import Value
from portal.rooms.tickets import Role

_IN_USE = {"joined": True, "cleared": False, "put_away": False, "ended": False}


@dataclass
class State:
    """The room as its journal tells it."""

    admitted: set[str] = field(default_factory=set)
    ended: bool = False
    recording: str | None = None
    """Name of the recording that was running or paused when the last line was written."""
    paused: bool = False
    began: float | None = None
    """When that recording's clock was at 0: seconds since 1970."""
    last_recording: str | None = None
    """Name of the newest recording that ever began."""
    withdrawn: set[str] = field(default_factory=set)
    """Who withdrew the consent to be recorded: the room is never recorded again, whatever a ticket says. To go on with
    the others alone would look to her page as if she were recorded."""
    distress: bool = False
    """True in a pause for distress."""
    stopped: dict[str, stopping.Wish] = field(default_factory=dict)
    """Who needed to stop and has not come back since."""
    wishes: set[str] = field(default_factory=set)
    """The names of the wishes to stop that were carried out."""
    in_use: bool = False
    """Somebody has come, and not everybody was put out since."""
    talk_since: float | None = None
    """When the participant was let in, before anybody forgot the room: seconds since 1970."""

    def forget_people(self) -> None:
        """Everybody was put out: what comes is another meeting, perhaps on another day."""
        self.in_use, self.talk_since = False, None
        self.admitted.clear()


def read(lines: Iterable[Mapping[str, Value]]) -> State:
    """The state after these lines. A line of another shape is passed over."""
    state = State()
    for line in lines:
        event, person = line.get("event"), line.get("person")
        state.in_use = _IN_USE.get(str(event), state.in_use)
        if event in ("admitted", "declined") and isinstance(person, str):
            _admission(state, line, person)
        elif event in ("put_away", "cleared", "ended"):
            _over(state, event)
        elif event == "joined" and isinstance(person, str):
            state.stopped.pop(person, None)
        elif event == "need_to_stop":
            _stop(state, line)
        elif event in ("distress", "distress_over"):
            state.distress = event == "distress"
        else:
            _recording(state, line)
    return state


def _over(state: State, event: Value) -> None:
    if event == "cleared":
        state.forget_people()
    elif event == "put_away":
        state.talk_since = None
    else:
        state.ended = True


def _admission(state: State, line: Mapping[str, Value], person: str) -> None:
    if line.get("event") == "declined":
        state.admitted.discard(person)
        return
    state.admitted.add(person)
    if line.get("role") == Role.PARTICIPANT and state.talk_since is None:
        state.talk_since = stopping.moment(line)


def _stop(state: State, line: Mapping[str, Value]) -> None:
    wish = stopping.of_line(line)
    if wish is None:
        return
    state.stopped[wish.person] = wish
    if wish.name is not None:
        state.wishes.add(wish.name)
    state.paused = state.paused or state.recording is not None


def _recording(state: State, line: Mapping[str, Value]) -> None:
    event, name, began, person = (line.get(key) for key in ("event", "recording", "began", "person"))
    if event == "recording_started" and isinstance(name, str) and isinstance(began, int | float):
        state.recording, state.began, state.paused = name, float(began), False
        state.last_recording = name
    elif event == "recording_paused":
        state.paused = True
    elif event == "recording_resumed":
        state.paused = False
    elif event in ("recording_stopped", "recording_failed", "consent_withdrawn"):
        if event == "consent_withdrawn" and isinstance(person, str):
            state.withdrawn.add(person)
        state.recording, state.began, state.paused = None, None, False
