"""Booking: its services, and what it may ask of consent and of the team."""

from collections.abc import Collection, Mapping, Sequence

from portal.audit.service import AuditLog
from portal.booking.calendar import Calendars
from portal.booking.duties import BookingDuties
from portal.booking.fetching import Fetcher
from portal.booking.notices import Notices
from portal.booking.other_calendar import OtherCalendars
from portal.booking.publishing import AvailabilityService
from portal.booking.service import BookingService, MarksOf
from portal.booking.team_inbox import TeamInbox
from portal.booking.wishes import Wishes
from portal.clock import Clock
from portal.consent.domain import Standing
from portal.consent.service import ConsentService
from portal.db.engine import Database
from portal.duties.loop import CALENDARS, Duty
from portal.enquiries.errors import TooMany
from portal.enquiries.service import EnquiryService
from portal.people.domain import Participant
from portal.settings import Settings
from portal.study.service import StudyBook
from portal.team.service import TeamService
from portal.web.scopes import Permission
from portal.wiring.messages import Messages


def build_booking(
    settings: Settings,
    database: Database,
    clock: Clock,
    audit: AuditLog,
    studies: StudyBook,
    messages: Messages,
    consents: ConsentService,
    team: TeamService,
    enquiries: EnquiryService,
    marks: MarksOf,
) -> tuple[BookingService, *tuple[object, ...]]:
    """Booking's services, for the registry."""

    def interviewers(site: str | None) -> Mapping[int, str]:
        apart = site is not None and studies.current().study.sites_apart
        return {
            one.id: one.name
            for one in team.members()
            if Permission.OWN_HOURS in one.permissions and (not apart or one.sites is None or site in one.sites)
        }

    def withdrawn(people: Sequence[Participant]) -> Collection[int]:
        return {key for key, state in consents.states(people).items() if state.standing is Standing.WITHDRAWN}

    calendars = Calendars(
        organiser=settings.mail_from, organiser_name=settings.mail_name, public_url=settings.public_url
    )
    notices = Notices(messages.outbox, clock, calendars, messages.say)
    booking = BookingService(
        database, clock, audit, studies, notices,
        consented=lambda person: consents.state(person).stands, interviewers=interviewers,
        marks=marks,
    )  # fmt: skip

    def put(person: Participant, text: str) -> bool:
        try:
            enquiries.ask(person, text)
        except TooMany:
            return False
        return True

    wishes = Wishes(database, clock, audit, booking, notices)
    return (
        booking, AvailabilityService(database, clock, audit), wishes, calendars,
        TeamInbox(put), BookingDuties(database, booking, wishes, withdrawn),
        OtherCalendars(database, clock, Fetcher()),
    )  # fmt: skip


def booking_duties(duties: BookingDuties, calendars: OtherCalendars) -> tuple[Duty, ...]:
    """For the worker."""
    return (
        Duty("cancel bookings of who has stopped", 60, duties.cancel_withdrawn),
        Duty("offer earlier times", 60, duties.offer_earlier),
        Duty("read other calendars", 60, calendars.read_due, CALENDARS),
        Duty("give back held times", 60, duties.sweep_holds),
    )
