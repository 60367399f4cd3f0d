"""Why nobody may come into a room any more, or not yet again, by what is known of it now."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from portal.clock import Clock
from portal.rooms.domain import Appointment, Appointments, CalledOff, Ending, Hours, Outcome, Phase, Room, hours_of
from portal.rooms.service import RoomService

MARKED: Mapping[Outcome, Ending] = {
    Outcome.DONE: Ending.DONE, Outcome.BROKEN_OFF: Ending.ENDED_EARLY, Outcome.NOT_ATTENDED: Ending.NOT_HELD,
}  # fmt: skip
"""What a mark is called where people who were in the room read it."""
_CALLED_OFF: Mapping[CalledOff, Ending] = {
    CalledOff.CANCELLED: Ending.CANCELLED, CalledOff.MISSED: Ending.NOT_HELD, CalledOff.BY_PHONE: Ending.BY_PHONE,
}  # fmt: skip


class Endings:
    """Facts of rooms and of what was agreed, put into one word for each room."""

    def __init__(self, clock: Clock, rooms: RoomService, appointments: Appointments) -> None:
        self._clock = clock
        self._rooms = rooms
        self._appointments = appointments

    def of(self, room: Room) -> Ending | None:
        """Why the room is not open; None where it is, or before its first hours."""
        return self.many([room]).get(room.id, (None, room.hours))[0]

    def many(self, rooms: Sequence[Room]) -> Mapping[int, tuple[Ending | None, Hours]]:
        """Of each room, by its number: why it is not open, and its hours as they are agreed now."""
        keys = [one.appointment_key for one in rooms if one.appointment_key]
        agreed = self._appointments.by_key(keys) if keys else {}
        now, rules = self._clock(), self._rooms.rules
        found = {}
        for room in rooms:
            appointment = agreed.get(room.appointment_key or "")
            hours = room.hours
            if appointment is not None and appointment.called_off is None:
                hours = hours_of(appointment, rules)
            found[room.id] = (_ending(room, hours, appointment, now), hours)
        return found


def _ending(room: Room, hours: Hours, appointment: Appointment | None, now: datetime) -> Ending | None:
    if room.outcome is not None:
        return MARKED[room.outcome]
    if appointment is not None and appointment.called_off is not None:
        return _CALLED_OFF[appointment.called_off]
    if hours.starts_at != room.hours.starts_at and hours.phase(now) is Phase.EARLY:
        return Ending.MOVED
    if room.ended_at is not None and room.ended_at < hours.closes_at:
        return Ending.ENDED
    # an interview that takes longer than the study's hours can still be moved: its room is not ended for good
    over = hours.phase(now) is Phase.OVER and (appointment is None or appointment.ends_at <= now)
    return Ending.HOURS if over else None
