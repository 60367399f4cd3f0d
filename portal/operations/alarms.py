"""Tell IT by e-mail what the doctor finds, before somebody has to ask."""

from datetime import datetime

from portal.clock import Clock
from portal.db.engine import Database
from portal.operations.domain import Finding, State
from portal.operations.service import Doctor
from portal.team.notices import TeamNotices
from portal.web.scopes import Permission


class Alarms:
    """A message for each part that is not well: failing ones each day, warnings each week, until they are mended."""

    def __init__(self, database: Database, clock: Clock, doctor: Doctor, notices: TeamNotices) -> None:
        self._database = database
        self._clock = clock
        self._doctor = doctor
        self._notices = notices

    def run(self) -> int:
        """The duty. Gives how many parts are not well."""
        unwell = [one for one in self._doctor.examine() if one.state is not State.OK]
        with self._database.transaction() as session:
            for one in unwell:
                self._notices.tell(
                    session, "team_status", key=_occasion(one, self._clock()), permission=Permission.OPERATIONS_READ,
                    context={"part": one.part},
                )  # fmt: skip
        return len(unwell)


def _occasion(finding: Finding, at: datetime) -> str:
    """The same for all messages that one reminder is enough for."""
    span = "%Y-%m-%d" if finding.state is State.FAILING else "%G-W%V"
    return f"status:{finding.part}:{finding.state}:{at.strftime(span)}"
