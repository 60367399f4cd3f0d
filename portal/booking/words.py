"""Days, hours and how long until then, in the reader's language."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_location
from flask_babel import format_date, get_locale, ngettext
from flask_babel import gettext as _

from portal.booking.days import clock as clock
from portal.booking.domain import LONDON, Appointment, day_in


def weekday(day: date) -> str:
    """Tuesday 1 December 2026."""
    return str(format_date(day, "EEEE d MMMM y"))


def month_name(day: date) -> str:
    """December 2026."""
    return str(format_date(day, "LLLL y"))


def day_name(day: date) -> str:
    """Tuesday."""
    return str(format_date(day, "cccc"))


def when(at: datetime, zone: ZoneInfo = LONDON) -> str:
    """Tuesday 1 December 2026, 10:00 (UK time); and the same elsewhere, if she wants that shown and it differs."""
    here = _("%(day)s, %(hour)s (UK time)", day=weekday(day_in(at)), hour=clock(at))
    if at.astimezone(zone).utcoffset() == at.astimezone(LONDON).utcoffset():
        return str(here)
    hour = clock(at, zone)
    if day_in(at, zone) != day_in(at):
        hour = f"{weekday(day_in(at, zone))}, {hour}"
    return str(_("%(here)s, which is %(hour)s in %(city)s", here=here, hour=hour, city=city(zone)))


def city(zone: ZoneInfo) -> str:
    """The zone as people call it, such as Paris."""
    return str(get_timezone_location(zone.key, locale=get_locale(), return_city=True))


def countdown(one: Appointment, now: datetime) -> str:
    """Beginning a line: In 6 days; Tomorrow; In 2 hours; In 25 minutes; Now."""
    days = (day_in(one.starts_at) - day_in(now)).days
    seconds = (one.starts_at - now).total_seconds()
    if seconds <= 0:
        return str(_("Now"))
    if days >= 2:
        return str(ngettext("In %(num)d day", "In %(num)d days", days))
    if days == 1 and seconds > 12 * 3600:
        return str(_("Tomorrow"))
    if seconds >= 2 * 3600:
        return str(ngettext("In %(num)d hour", "In %(num)d hours", int(seconds // 3600)))
    return str(ngettext("In %(num)d minute", "In %(num)d minutes", max(int(seconds // 60), 1)))
