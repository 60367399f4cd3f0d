"""The workspace: what needs doing, who is where, who does not take part, what was noted."""

from collections.abc import Collection, Sequence

from portal.audit.service import AuditLog
from portal.booking.service import BookingService
from portal.clock import Clock
from portal.consent.history import ConsentHistory
from portal.db.engine import Database
from portal.demographics.service import DemographicsService
from portal.enquiries.service import EnquiryService
from portal.messages.failures import Failures
from portal.notes.service import NotesService
from portal.people.domain import Participant
from portal.people.identities import Identities
from portal.people.service import PeopleService
from portal.recordings.keys.service import KeyService
from portal.recruitment.service import RecruitmentService
from portal.rooms.service import RoomService
from portal.sampling.service import SamplingService
from portal.study.service import StudyBook
from portal.wiring.enquiries import messages_to_do
from portal.wiring.erasure import build_erasure
from portal.wiring.exports import build_exports
from portal.wiring.interviews import interviews_to_do, weeks_meetings
from portal.wiring.lookup import Lookup
from portal.wiring.own_copy import build_own_copy
from portal.wiring.recordings import recordings_of
from portal.wiring.reminding import build_reminding, keys_to_do
from portal.workspace.domain import CONSENTED, Step
from portal.workspace.roster import Roster
from portal.workspace.service import HerRecordings, Overview, ToDoList, Week
from portal.workspace.timeline import Timeline


def workspace_services(get: Lookup, clock: Clock) -> tuple[object, ...]:
    """The workspace's own services, which lean on those of every other feature."""
    database, audit, studies = get(Database), get(AuditLog), get(StudyBook)
    recruitment = RecruitmentService(database, clock, audit, studies)
    history = ConsentHistory(database, studies)
    booking, people, rooms = get(BookingService), get(PeopleService), get(RoomService)
    to_do = messages_to_do(get(EnquiryService), get(Failures), people)
    interviews = interviews_to_do(rooms)
    notes, identities = NotesService(database, clock, audit), Identities(database, clock, audit)
    erasing, overview = build_erasure(get, clock), Overview(Roster(database, studies))

    def heard(sites: Collection[str] | None, most: int) -> Sequence[Participant]:
        return overview.newest((Step.INTERVIEWED,), sites, most)

    def waiting(sites: Collection[str] | None, most: int) -> Sequence[Participant]:
        return overview.newest(CONSENTED - {Step.INTERVIEWED}, sites, most)

    return (
        build_reminding(get, erasing.retention), recruitment, history, Timeline(database, history), notes, identities,
        overview, SamplingService(database, studies, get(DemographicsService), heard, waiting),
        ToDoList((to_do, interviews, erasing.to_do, keys_to_do(get(KeyService)))),
        Week(weeks_meetings(booking, people, clock), clock),
        HerRecordings(recordings_of(database)),
        build_exports(get, clock), *erasing.registry,
        build_own_copy(get, history, notes, identities, recordings_of(database)),
    )  # fmt: skip
