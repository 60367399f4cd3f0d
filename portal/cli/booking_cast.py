"""The invented cast's calendar: hours of the researcher, and one person booked for tomorrow."""

from datetime import timedelta

from portal.audit.domain import Actor
from portal.booking.asking import Asker
from portal.booking.availability import parse
from portal.booking.domain import Details, day_in
from portal.booking.publishing import AvailabilityService
from portal.booking.service import BookingService
from portal.people.domain import Participant
from portal.team.domain import Role
from portal.team.service import TeamService
from portal.wiring import Services

BOOKED = "has answered everything"
"""Who is booked for tomorrow."""
_DAY, _LONG_DAY = parse("09:00-12:30, 13:30-17:00"), parse("09:00-12:30, 13:30-17:00, 18:00-20:00")


def publish_hours(services: Services) -> None:
    """The researcher works from Monday to Friday, late on two days; and tomorrow, whichever day that is."""
    researcher = next(one for one in services.get(TeamService).members() if one.role is Role.RESEARCHER)
    availability = services.get(AvailabilityService)
    availability.set_week(researcher.id, {0: _DAY, 1: _LONG_DAY, 2: _DAY, 3: _LONG_DAY, 4: _DAY})
    availability.set_day(researcher.id, day_in(services.get(BookingService).now()) + timedelta(days=1), _DAY)


def book_tomorrow(services: Services, person: Participant) -> None:
    """The team books tomorrow's first time for her, as on the telephone."""
    booking, asker = services.get(BookingService), Asker(Actor.system("demonstration"), team=True)
    tomorrow = day_in(booking.now()) + timedelta(days=1)
    first = next(one for one in booking.slots(person, asker) if day_in(one.starts_at) == tomorrow)
    booking.book(person, first.starts_at, Details(), asker)
