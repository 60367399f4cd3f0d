"""Appointments as calendar files (RFC 5545, RFC 5546): UTC times, one UID for good, a sequence that counts changes.

What others may see over somebody's shoulder says nothing of health or the study.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from icalendar import Calendar, Event, vCalAddress, vText

from portal.booking.domain import Appointment


class Method(StrEnum):
    """What a calendar program is asked to do."""

    PUBLISH = "PUBLISH"
    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


@dataclass(frozen=True)
class Invitation:
    """A calendar file. Its media type carries the method, or mail programs take it for a mere file."""

    method: Method
    content: bytes

    @property
    def media_type(self) -> str:
        """For HTTP."""
        return f"text/calendar; method={self.method.value}; charset=utf-8"


class Calendars:
    """Writes them.

    Args:
        organiser: the sender's address; answers to it are answers to the study.
        public_url: where people sign in; its host makes UIDs unique.
        organiser_name: neutral, such as "Appointments".
    """

    def __init__(self, *, organiser: str, public_url: str, organiser_name: str) -> None:
        self._organiser = organiser
        self._organiser_name = organiser_name
        self._public_url = public_url.rstrip("/")
        self._host = urlsplit(public_url).hostname or "localhost"

    def message(self, one: Appointment, *, title: str, words: str, attendee: str, page: str) -> Invitation:
        """What goes with an e-mail: a request, or a cancellation once it is cancelled."""
        method = Method.CANCEL if one.cancelled_at else Method.REQUEST
        event = self._event(one, title, words, page)
        guest = vCalAddress(f"mailto:{attendee}")
        guest.params["ROLE"], guest.params["PARTSTAT"] = vText("REQ-PARTICIPANT"), vText("ACCEPTED")
        guest.params["RSVP"] = vText("FALSE")
        event.add("attendee", guest, encode=False)
        return self._written(method, [event])

    def file(self, one: Appointment, *, title: str, words: str, page: str) -> Invitation:
        """What she saves by herself; a cancelled one takes the entry out of her calendar again."""
        method = Method.CANCEL if one.cancelled_at else Method.PUBLISH
        return self._written(method, [self._event(one, title, words, page)])

    def feed(self, appointments: Iterable[Appointment], *, title: str, words: str) -> Invitation:
        """Everything an interviewer has, for her own calendar program to subscribe to."""
        events = [
            self._event(one, f"{title} {one.reference}", words, "/workspace/bookings")
            for one in appointments
            if one.cancelled_at is None
        ]
        return self._written(Method.PUBLISH, events, name=title)

    def _event(self, one: Appointment, title: str, words: str, page: str) -> Event:
        event = Event()
        event.add("uid", f"{one.reference.lower()}@{self._host}")
        event.add("sequence", one.sequence)
        event.add("dtstamp", one.changed_at)
        event.add("created", one.made_at)
        event.add("last-modified", one.changed_at)
        event.add("dtstart", one.starts_at)
        event.add("dtend", one.ends_at)
        event.add("summary", title)
        event.add("description", words)
        event.add("url", f"{self._public_url}{page}")
        event.add("status", "CANCELLED" if one.cancelled_at else "CONFIRMED")
        event.add("transp", "TRANSPARENT" if one.cancelled_at else "OPAQUE")
        event.add("class", "PRIVATE")
        organiser = vCalAddress(f"mailto:{self._organiser}")
        organiser.params["CN"] = vText(self._organiser_name)
        event.add("organizer", organiser, encode=False)
        return event

    def _written(self, method: Method, events: Iterable[Event], *, name: str = "") -> Invitation:
        calendar = Calendar()
        calendar.add("prodid", "-//Appointments//Appointments 1.0//EN")
        calendar.add("version", "2.0")
        calendar.add("calscale", "GREGORIAN")
        calendar.add("method", method.value)
        if name:
            calendar.add("x-wr-calname", name)
            calendar.add("refresh-interval", timedelta(minutes=30), parameters={"VALUE": "DURATION"})
            calendar.add("x-published-ttl", "PT30M")
        for event in events:
            calendar.add_component(event)
        return Invitation(method, calendar.to_ical())
