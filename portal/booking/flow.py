"""Choosing, confirming, moving and cancelling: the same steps for a participant and for the team on her behalf."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.booking.asking import Asker
from portal.booking.days import day_page, filtered, months
from portal.booking.domain import LONDON, Appointment, Cause, Details, PartOfDay
from portal.booking.errors import BookingRefused, NoBooking, SlotTaken
from portal.booking.forms import ButtonForm, CancelForm, DetailsForm, StaffCancelForm
from portal.booking.service import BookingService
from portal.booking.slots import times
from portal.people.domain import Participant
from portal.web.services import service

DAYS_A_PAGE = 5
Answer = Response | str | tuple[str, int]


@dataclass(frozen=True)
class Flow:
    """Whose booking it is, who acts, and where the steps are."""

    person: Participant
    asker: Asker
    zone: ZoneInfo
    layout: str
    url: Callable[..., str]
    """The address of a step by name: appointment, times, hold, confirm, cancel, other_times."""

    @property
    def standing(self) -> Appointment | None:
        """What can be cancelled: her appointment, and for the team also one that is over."""
        return service(BookingService).standing(self.person.id) if self.asker.team else self.current

    @property
    def current(self) -> Appointment | None:
        """Her appointment."""
        return service(BookingService).current(self.person.id)


def times_page(flow: Flow) -> Answer:
    """The free times: by day, or as months."""
    booking = service(BookingService)
    try:
        booking.may_book(flow.person, flow.asker)
    except BookingRefused as refused:
        return closed(flow, refused)
    part, view = _part(request.args.get("part", "")), request.args.get("view", "list")

    def month_url(day: date) -> str:
        return flow.url("times", part=part, **{"from": day.isoformat()})

    every = times(booking.slots(flow.person, flow.asker))
    found = filtered(every, part, flow.zone)
    return render_template(
        "booking/times.html", flow=flow, form=ButtonForm(), current=flow.current, part=part, parts=tuple(PartOfDay),
        view="calendar" if view == "calendar" else "list", any_at_all=bool(every),
        page=day_page(found, _day(request.args.get("from", "")), DAYS_A_PAGE, flow.zone),
        months=months(found, flow.zone), month_url=month_url, london=LONDON,
        minutes=booking.rules.length(flow.person.group),
    )  # fmt: skip


def why_not(flow: Flow) -> str | None:
    """The kind of refusal that choosing a time would meet now; None while one can be chosen."""
    try:
        service(BookingService).may_book(flow.person, flow.asker)
    except BookingRefused as refused:
        return type(refused).__name__
    return None


def hold(flow: Flow) -> Answer:
    """Keep the chosen time, and ask for the rest."""
    form = ButtonForm()
    at = _moment(request.form.get("starts_at", ""))
    if not form.validate_on_submit() or at is None:
        return redirect(flow.url("times"))
    try:
        service(BookingService).hold(flow.person, at, flow.asker)
    except SlotTaken as taken:
        return _taken(flow, at, taken, None)
    except BookingRefused as refused:
        return closed(flow, refused)
    return redirect(flow.url("confirm"))


def confirm(flow: Flow) -> Answer:
    """How we talk and what would help; then it is booked. Without a time that is kept, change the details alone."""
    booking, current = service(BookingService), flow.current
    held = booking.held(flow.person.id)
    chosen = held.slot.starts_at if held else current.starts_at if current else None
    form = DetailsForm.of(
        chosen.isoformat() if chosen else "", current.details if current else Details(),
        phone_allowed=booking.rules.phone,
    )  # fmt: skip
    at = _moment(str(form.starts_at.data or ""))
    if at is None:
        return redirect(flow.url("times"))
    if form.validate_on_submit():
        return _book(flow, at, form, current)
    return render_template(
        "booking/confirm.html", flow=flow, form=form, at=at, current=current, held=held,
        minutes=booking.rules.length(flow.person.group),
    )  # fmt: skip


def _book(flow: Flow, at: datetime, form: DetailsForm, current: Appointment | None) -> Answer:
    try:
        made = service(BookingService).book(flow.person, at, form.details(), flow.asker)
    except SlotTaken as taken:
        return _taken(flow, at, taken, form)
    except BookingRefused as refused:
        return closed(flow, refused)
    if made.sequence == 0:
        flash(_("The time is booked."))
    elif current and current.starts_at != made.starts_at:
        flash(_("The time is changed."))
    else:
        flash(_("Your choices are saved."))
    return redirect(flow.url("appointment"))


def cancel(flow: Flow) -> Answer:
    """Ask once more, then cancel."""
    current = flow.standing
    form = StaffCancelForm() if flow.asker.team else CancelForm()
    if current is None:
        return redirect(flow.url("appointment"))
    if form.validate_on_submit():
        cause = Cause(form.cause.data) if flow.asker.team else Cause.PARTICIPANT
        try:
            service(BookingService).cancel(flow.person, flow.asker, cause, str(form.why.data or ""))
        except NoBooking:
            return redirect(flow.url("appointment"))
        except BookingRefused as refused:
            return closed(flow, refused)
        flash(_("The appointment is cancelled."))
        return redirect(flow.url("appointment"))
    return render_template("booking/cancel.html", flow=flow, form=form, current=current)


def closed(flow: Flow, refused: BookingRefused) -> tuple[str, int]:
    """Why this cannot be done now, and what can."""
    reason = type(refused).__name__
    return render_template("booking/closed.html", flow=flow, reason=reason, current=flow.current), 409


def _taken(flow: Flow, wanted: datetime, taken: SlotTaken, form: DetailsForm | None) -> tuple[str, int]:
    """Somebody was faster. The nearest others are one press away, and what she had written goes along."""
    nearest = day_page(taken.nearest, None, len(taken.nearest) or 1, flow.zone)
    return render_template(
        "booking/taken.html", flow=flow, form=form or ButtonForm(), details=form, wanted=wanted, page=nearest
    ), 409  # fmt: skip


def _part(text: str) -> PartOfDay | None:
    return PartOfDay(text) if text in list(PartOfDay) else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _moment(text: str) -> datetime | None:
    """A moment with its zone, within a century that somebody could mean, or None: forms can hold anything."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo and 2000 <= at.year < 2100 else None
