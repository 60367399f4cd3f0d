"""An interviewer publishes her hours and absences, ties her other calendar, and subscribes to her interviews."""

from collections.abc import Mapping
from datetime import date, timedelta

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.booking.availability import Plan, Windows, moment, write
from portal.booking.bank_holidays import bank_holidays
from portal.booking.calendar import Calendars
from portal.booking.days import clock
from portal.booking.domain import Span, day_in
from portal.booking.errors import WindowRefused
from portal.booking.flow import Answer
from portal.booking.forms import AbsenceForm, ButtonForm, OtherCalendarForm, OwnRulesForm, WeekForm
from portal.booking.other_calendar import OtherCalendars
from portal.booking.publishing import AvailabilityService
from portal.booking.service import BookingService
from portal.booking.views import sent
from portal.web.limits import limiter
from portal.web.permissions import Permission, requires
from portal.web.principal import current_principal
from portal.web.services import service

bp = Blueprint("hours", __name__)
_WEEK = timedelta(days=7)
_FEED_REACHES_BACK = timedelta(days=30)


@bp.route("/workspace/hours", methods=["GET", "POST"])
@requires(Permission.OWN_HOURS)
def week() -> Answer:
    """The usual week, or with ?week=2026-12-01 the week of that day."""
    monday = _monday(request.args.get("week", ""))
    availability, me = service(AvailabilityService), current_principal().id
    plan = availability.plan(me)
    shown = _of_week(plan, monday) if monday else {day: plan.weekly.get(day, ()) for day in range(7)}
    form = WeekForm(data={f"day{day}": write(windows) for day, windows in shown.items()})
    if form.validate_on_submit():
        if monday:
            availability.set_days(me, _changed(plan, monday, form.windows()))
            flash(_("This week is saved."))
            return redirect(url_for("hours.week", week=monday.isoformat()))
        availability.set_week(me, form.windows())
        flash(_("Your usual week is saved."))
        return redirect(url_for("hours.week"))
    return _page(week=form, monday=monday)


@bp.post("/workspace/hours/absences")
@requires(Permission.OWN_HOURS)
def add_absence() -> Answer:
    """Be away for a while."""
    form = AbsenceForm()
    if form.validate_on_submit():
        span = Span(
            moment(form.first.data, form.minutes("from_time", 0), closing=False),
            moment(form.last.data, form.minutes("to_time", 24 * 60), closing=True),
        )
        try:
            service(AvailabilityService).add_absence(current_principal().id, span, str(form.note.data or ""))
        except WindowRefused as refused:
            form.last.errors = [_("It must end after it starts")] if "after" in str(refused) else [_("This is over")]
        else:
            flash(_("You are away then. Appointments that stand are not changed: please move them yourself."))
            return redirect(url_for("hours.week"))
    return _page(absence=form)


@bp.post("/workspace/hours/absences/<int:absence_id>/remove")
@requires(Permission.OWN_HOURS)
def remove_absence(absence_id: int) -> Response:
    """Be there after all."""
    service(AvailabilityService).remove_absence(current_principal().id, absence_id)
    flash(_("Your hours count again then."))
    return redirect(url_for("hours.week"))


@bp.post("/workspace/hours/rules")
@requires(Permission.OWN_HOURS)
def rules() -> Answer:
    """Her own buffer and daily limit."""
    form = OwnRulesForm()
    if form.validate_on_submit():
        service(AvailabilityService).set_own(
            current_principal().id, buffer_minutes=form.buffer_minutes.data, daily_limit=form.daily_limit.data
        )
        flash(_("Saved."))
        return redirect(url_for("hours.week"))
    return _page(rules=form)


@bp.post("/workspace/hours/calendar")
@requires(Permission.OWN_HOURS)
def other_calendar() -> Answer:
    """Tie her other calendar, or untie it."""
    form, me = OtherCalendarForm(), current_principal().id
    if form.validate_on_submit():
        service(AvailabilityService).set_calendar(me, str(form.url.data) or None)
        if form.url.data:
            problem = service(OtherCalendars).read(me)
            words = _("Your other calendar is read. Its busy times are no longer offered.")
            flash(problem_words(problem) if problem else words)
        else:
            flash(_("Your other calendar is forgotten."))
        return redirect(url_for("hours.week"))
    return _page(calendar=form)


@bp.post("/workspace/hours/feed")
@requires(Permission.OWN_HOURS)
def feed_address() -> Answer:
    """A fresh address of her feed, shown once; or the end of it."""
    availability, me = service(AvailabilityService), current_principal().id
    if request.form.get("act") == "revoke":
        availability.revoke_feed(me)
        flash(_("The address works no more."))
        return redirect(url_for("hours.week"))
    return _page(feed=url_for("hours.feed", token=availability.issue_feed(me), _external=True))


@bp.get("/calendar/<token>.ics")
@requires(Permission.PUBLIC)
@limiter.limit("60 per hour")
def feed(token: str) -> Response:
    """Her interviews for her calendar program. The address is the secret; it says when, and nothing of anybody."""
    owner = service(AvailabilityService).feed_owner(token)
    if owner is None:
        abort(404)
    booking = service(BookingService)
    if owner not in booking.every_interviewer():
        abort(404)
    found = booking.of_staff(owner, since=booking.now() - _FEED_REACHES_BACK)
    words = _("Sign in to the workspace to see with whom.")
    return sent(service(Calendars).feed(found, title=booking.rules.title, words=words), "calendar.ics")


def _page(
    *,
    week: WeekForm | None = None,
    monday: date | None = None,
    absence: AbsenceForm | None = None,
    rules: OwnRulesForm | None = None,
    calendar: OtherCalendarForm | None = None,
    feed: str = "",
) -> str:
    """The one page of hours, with whichever form was filled in."""
    availability, booking, me = service(AvailabilityService), service(BookingService), current_principal().id
    own, plan, today = availability.own(me), availability.plan(me), day_in(booking.now())
    if week is None:
        week = WeekForm(formdata=None, data={f"day{day}": write(plan.weekly.get(day, ())) for day in range(7)})
    mine = [one for one in booking.of_staff(me, since=booking.now()) if one.cancelled_at is None]
    start = monday or today - timedelta(days=today.weekday())
    return render_template(
        "booking/hours.html", week=week, monday=monday, previous=start - _WEEK, following=start + _WEEK, first=start,
        days=[start + timedelta(days=at) for at in range(7)], today=today, filled=bool(plan.weekly or plan.days),
        holidays=bank_holidays(start, start + timedelta(days=6)) if booking.rules.bank_holidays == "off" else (),
        absences=availability.absences(me), absence=absence or AbsenceForm(formdata=None), own=own,
        problem=own.calendar_problem and problem_words(own.calendar_problem),
        rules=rules or OwnRulesForm(
            formdata=None, data={"buffer_minutes": own.buffer_minutes, "daily_limit": own.daily_limit}
        ),
        study_rules=booking.rules, calendar=calendar or OtherCalendarForm(formdata=None), feed=feed, mine=mine,
        button=ButtonForm(formdata=None), clock=clock,
        form=next((one for one in (week, absence, rules, calendar) if one is not None and one.errors), None),
    )  # fmt: skip


def problem_words(problem: str) -> str:
    """What went wrong with another calendar, and what to do."""
    words: dict[str, str] = {
        "address": _("This address leads nowhere that may be read. Paste the private https:// address."),
        "unreachable": _("The other calendar cannot be reached just now. It is tried again every 15 minutes."),
        "slow": _("The other calendar did not answer in time. It is tried again every 15 minutes."),
        "refused": _("The other calendar's server did not hand it out. Look whether the address is still valid."),
        "large": _("The other calendar is too large to read. Share one with fewer old entries."),
        "odd": _("What is at this address cannot be read as a calendar. Paste the iCal address (.ics)."),
    }
    return words[problem]


def _monday(text: str) -> date | None:
    """The Monday of the week, within a century that somebody could mean."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day - timedelta(days=day.weekday()) if 2000 <= day.year < 2100 else None


def _of_week(plan: Plan, monday: date) -> Mapping[int, Windows]:
    """What counts on each day of the week."""
    off = _off(monday)
    return {at: plan.on(monday + timedelta(days=at), off) for at in range(7)}


def _changed(plan: Plan, monday: date, wanted: Mapping[int, Windows]) -> dict[date, Windows | None]:
    """What to keep for the days: only those that differ from the usual week are kept."""
    off, found = _off(monday), {}
    for at, windows in wanted.items():
        day = monday + timedelta(days=at)
        found[day] = None if windows == Plan(plan.weekly).on(day, off) else windows
    return found


def _off(monday: date) -> frozenset[date]:
    rules = service(BookingService).rules
    return bank_holidays(monday, monday + timedelta(days=6)) if rules.bank_holidays == "off" else frozenset()
