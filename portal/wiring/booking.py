"""Booking: its services, and what it may ask of consent and of the team."""

from collections.abc import Mapping

from portal.audit.service import AuditLog
from portal.booking.calendar import Calendars
from portal.booking.publishing import AvailabilityService
from portal.booking.service import BookingService
from portal.booking.wishes import Wishes
from portal.clock import Clock
from portal.consent.service import ConsentService
from portal.db.engine import Database
from portal.settings import Settings
from portal.study.service import StudyBook
from portal.team.service import TeamService
from portal.web.scopes import Permission


def build_booking(
    settings: Settings,
    database: Database,
    clock: Clock,
    audit: AuditLog,
    studies: StudyBook,
    consents: ConsentService,
    team: TeamService,
) -> tuple[BookingService, *tuple[object, ...]]:
    """Booking's services, for the registry."""

    def interviewers(site: str) -> Mapping[int, str]:
        apart = studies.current().study.sites_apart
        return {
            one.id: one.name
            for one in team.members()
            if Permission.OWN_HOURS in one.permissions and (not apart or one.sites is None or site in one.sites)
        }

    booking = BookingService(
        database, clock, audit, studies,
        consented=lambda person: consents.state(person).stands, interviewers=interviewers,
    )  # fmt: skip
    calendars = Calendars(organiser=settings.mail_from, public_url=settings.public_url, organiser_name="Appointments")
    return booking, AvailabilityService(database, clock, audit), Wishes(database, clock, audit, booking), calendars
