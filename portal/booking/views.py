"""A participant's interview: its times, and everything she can change about it."""

from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from portal.booking import flow, words
from portal.booking.asking import Asker
from portal.booking.calendar import Calendars, Invitation
from portal.booking.errors import NoBooking
from portal.booking.flow import Answer, Flow
from portal.booking.forms import ButtonForm, OtherTimesForm, ZoneForm
from portal.booking.service import BookingService
from portal.booking.team_inbox import TeamInbox
from portal.booking.wishes import Wishes
from portal.people.present import current_participant
from portal.web.permissions import Permission, requires
from portal.web.principal import current_principal
from portal.web.services import service

bp = Blueprint("booking", __name__, url_prefix="/interview")
for word in (words.weekday, words.month_name, words.day_name, words.when, words.city, words.clock):
    bp.add_app_template_filter(word)


@bp.get("")
@requires(Permission.OWN_JOURNEY)
def appointment() -> str:
    """Her appointment, or the way to one."""
    mine = _mine()
    booking, current = service(BookingService), mine.current
    gone = next((one for one in reversed(booking.of_participant(mine.person.id)) if one.cancelled_at), None)
    return render_template(
        "booking/appointment.html", flow=mine, current=current, gone=None if current else gone, form=ButtonForm(),
        names=booking.interviewers(mine.person.site), countdown=current and words.countdown(current, booking.now()),
        earlier=current and service(Wishes).wants_earlier(current), title=booking.rules.title,
        why_not=None if current else flow.why_not(mine),
        unsaid=None if current else booking.unsaid(mine.person.id),
    )  # fmt: skip


@bp.get("/times")
@requires(Permission.OWN_JOURNEY)
def times() -> Answer:
    """Free times."""
    return flow.times_page(_mine())


@bp.post("/hold")
@requires(Permission.OWN_JOURNEY)
def hold() -> Answer:
    """Keep one."""
    return flow.hold(_mine())


@bp.route("/confirm", methods=["GET", "POST"])
@requires(Permission.OWN_JOURNEY)
def confirm() -> Answer:
    """Book it."""
    return flow.confirm(_mine())


@bp.route("/cancel", methods=["GET", "POST"])
@requires(Permission.OWN_JOURNEY)
def cancel() -> Answer:
    """Cancel it."""
    return flow.cancel(_mine())


@bp.route("/other-times", methods=["GET", "POST"])
@requires(Permission.OWN_JOURNEY)
def other_times() -> Answer:
    """None of these suit her: she writes to the team."""
    form = OtherTimesForm()
    if form.validate_on_submit():
        words = _("None of the free times suits me.") + "\n" + str(form.body.data)
        if service(TeamInbox).put(_mine().person, words):
            flash(_("Thank you. The team will look for a time that suits you."))
            return redirect(url_for("booking.appointment"))
        form.body.errors = [_("You have sent many messages today. Please wait until tomorrow, or ring us")]
    return render_template("booking/other_times.html", form=form)


@bp.post("/earlier")
@requires(Permission.OWN_JOURNEY)
def earlier() -> Response:
    """Tell her of an earlier one, or no more."""
    wanted = request.form.get("wanted") == "yes"
    try:
        service(Wishes).want_earlier(_mine().person, wanted=wanted)
    except NoBooking:
        return redirect(url_for("booking.appointment"))
    flash(_("We will tell you of earlier times.") if wanted else _("We will not tell you of earlier times."))
    return redirect(url_for("booking.appointment"))


@bp.route("/zone", methods=["GET", "POST"])
@requires(Permission.OWN_JOURNEY)
def zone() -> Answer:
    """Show times in another place too."""
    form = ZoneForm(zone=_mine().zone.key)
    form.zone.choices = [SelectChoice(key, key.replace("_", " ").replace("/", ": ")) for key in _zones()]
    if form.validate_on_submit():
        service(Wishes).set_zone(current_principal().id, ZoneInfo(str(form.zone.data)))
        flash(_("Times are shown for this place."))
        return redirect(url_for("booking.times"))
    return render_template("booking/zone.html", form=form)


@bp.get("/appointment.ics")
@requires(Permission.OWN_JOURNEY)
def calendar_file() -> Response:
    """Her appointment for her own calendar; after a cancellation, the file that takes it out again."""
    booking = service(BookingService)
    mine = booking.of_participant(current_principal().id)
    found = booking.current(current_principal().id) or next((one for one in reversed(mine) if one.cancelled_at), None)
    if found is None:
        abort(404)
    return sent(
        service(Calendars).file(
            found,
            title=booking.rules.title,
            page="/home",
            words=_("To join, change or cancel, sign in on the website."),
        ),
        "appointment.ics",
    )


def sent(file: Invitation, name: str) -> Response:
    """A calendar file as an answer, its method in the media type."""
    answer = make_response(file.content)
    answer.headers["Content-Type"] = file.media_type
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _mine() -> Flow:
    person = current_participant()
    return Flow(
        person, Asker.herself(person), service(Wishes).zone(person.id), "participant.html",
        lambda step, **more: url_for(f"booking.{step}", **more),
    )  # fmt: skip


@lru_cache(maxsize=1)
def _zones() -> tuple[str, ...]:
    """Places by name. "Etc" is no place, and the rest are old names of places that are listed anyway."""
    old = ("Etc/", "SystemV/", "US/", "Canada/", "Brazil/", "Chile/", "Mexico/")
    return tuple(sorted(one for one in available_timezones() if "/" in one and not one.startswith(old)))
