"""Why something was not booked. Nothing is half booked."""

from collections.abc import Sequence
from datetime import datetime


class BookingRefused(Exception):
    """The base of everything below."""


class WindowRefused(BookingRefused):
    """Hours that make no sense. The message is for whoever wrote them."""


class SlotTaken(BookingRefused):
    """The time is not free, or no more. `nearest` are the closest that are."""

    def __init__(self, nearest: Sequence[datetime] = ()) -> None:
        super().__init__("this time is not free")
        self.nearest = tuple(nearest)


class NotConsented(BookingRefused):
    """No consent stands, so there is nothing to book."""


class EnoughInterviews(BookingRefused):
    """The study has as many interviews with her as it plans."""


class TooLate(BookingRefused):
    """It is too close to the appointment to change it by oneself."""


class TooManyMoves(BookingRefused):
    """She changed it as often as the study allows."""


class NoBooking(BookingRefused):
    """There is no appointment to act on."""


class AddressRefused(BookingRefused):
    """The address of another calendar may not be read. The message says why."""


class CalendarUnreadable(BookingRefused):
    """Another calendar could not be fetched or read. The message says why, without the address."""
