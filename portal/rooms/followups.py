"""What follows an interview by message: thanks and where to find help for her, alarms for the team."""

from datetime import timedelta

from sqlalchemy import func, select

from portal.clock import Clock
from portal.db.engine import Database
from portal.each import each
from portal.messages.service import Outbox
from portal.people.store import ParticipantRow
from portal.rooms.domain import Outcome
from portal.rooms.stops import Stops
from portal.rooms.store import RoomEventRow, RoomOutcomeRow, RoomRow
from portal.team.notices import TeamNotices
from portal.web.scopes import Permission

SECOND_THOUGHTS = timedelta(minutes=15)
"""So long a researcher can still mark the outcome anew before anybody is thanked for it."""
_LATELY, _RECENT = timedelta(days=7), timedelta(days=1)
_TALKED = (Outcome.DONE.value, Outcome.BROKEN_OFF.value)


class FollowUps:
    """A duty: looks for what has no message yet. Run it twice, and nobody is told twice."""

    def __init__(self, database: Database, clock: Clock, outbox: Outbox, notices: TeamNotices, stops: Stops) -> None:
        self._database = database
        self._clock = clock
        self._outbox = outbox
        self._notices = notices
        self._stops = stops

    def run(self) -> int:
        """Gives how many were told of, the most urgent first."""
        return each((self._tell_of_stops, self._warn, self._thank), lambda tell: tell())

    def _thank(self) -> int:
        """Everybody who talked with us gets it, most of all who had to stop: it says where help is."""
        now = self._clock()
        newest = select(func.max(RoomOutcomeRow.id)).group_by(RoomOutcomeRow.room_id)
        talked = (
            select(RoomRow.id, ParticipantRow.study_id)
            .join(RoomOutcomeRow, RoomOutcomeRow.room_id == RoomRow.id)
            .join(ParticipantRow, ParticipantRow.id == RoomRow.participant_id)
            .where(
                RoomOutcomeRow.id.in_(newest), RoomOutcomeRow.outcome.in_(_TALKED),
                RoomOutcomeRow.at.between(now - _LATELY, now - SECOND_THOUGHTS),
            )
        )  # fmt: skip
        with self._database.reading() as session:
            found = {f"room:{room_id}:thanks": study_id for room_id, study_id in session.execute(talked)}
        new = self._outbox.unknown(found)
        if new:
            with self._database.transaction() as session:
                for key in new:
                    self._outbox.queue(session, template="thanks", to=f"participant:{found[key]}", key=key)
        return len(new)

    def _warn(self) -> int:
        """A recording that failed, for those who can look at once."""
        failed = (
            select(RoomEventRow.id, ParticipantRow.site)
            .join(RoomRow, RoomRow.id == RoomEventRow.room_id)
            .join(ParticipantRow, ParticipantRow.id == RoomRow.participant_id)
            .where(RoomEventRow.kind == "recording_failed", RoomEventRow.at > self._clock() - _RECENT)
        )
        with self._database.reading() as session:
            found = {f"recording-alarm:{event_id}": site for event_id, site in session.execute(failed)}
        if found:
            with self._database.transaction() as session:
                for key, site in found.items():
                    self._notices.tell(
                        session, "team_recording_alarm", key=key, permission=Permission.INTERVIEW, site=site
                    )
        return len(found)

    def _tell_of_stops(self) -> int:
        """Somebody asked to stop, and nobody of the team has seen it."""
        found = self._stops.unseen()
        if found:
            with self._database.transaction() as session:
                for stop_id, site in found:
                    self._notices.tell(
                        session, "team_stop", key=f"stop:{stop_id}", permission=Permission.INTERVIEW, site=site
                    )
        return len(found)
