"""The team's side: who is booked when, and booking on behalf of somebody on the telephone."""

from datetime import timedelta
from itertools import groupby

from flask import Blueprint, render_template, url_for

from portal.audit.service import AuditLog
from portal.booking import events, flow
from portal.booking.asking import Asker
from portal.booking.domain import LONDON, day_in
from portal.booking.flow import Answer, Flow
from portal.booking.service import BookingService
from portal.booking.wishes import Wishes
from portal.people.present import named_participant
from portal.people.service import PeopleService
from portal.team.present import current_actor
from portal.team.service import TeamService
from portal.web.permissions import Permission, requires
from portal.web.principal import current_principal
from portal.web.services import service

bp = Blueprint("desk", __name__, url_prefix="/workspace")
_AHEAD = timedelta(days=400)


@bp.get("/bookings")
@requires(Permission.BOOKINGS_READ)
def bookings() -> str:
    """Everything that is to come, by day. No names of participants here."""
    booking, principal = service(BookingService), current_principal()
    now = booking.now()
    people = {one.id: one for one in service(PeopleService).all() if principal.sees(one.site)}
    found = [
        one for one in booking.between(now - timedelta(days=1), now + _AHEAD)
        if one.cancelled_at is None and one.participant_id in people
    ]  # fmt: skip
    members = {one.id: one for one in service(TeamService).members()}
    waiting = [one for one in found if one.upcoming(now)]
    over = [one for one in found if not one.upcoming(now)]
    return render_template(
        "booking/desk.html", over=over, people=people, members=members,
        days=[(day, list(group)) for day, group in groupby(waiting, lambda one: day_in(one.starts_at))],
    )  # fmt: skip


@bp.get("/participants/<study_id>/appointment")
@requires(Permission.BOOKINGS_MANAGE)
def appointment(study_id: str) -> str:
    """One participant's appointment. What she needs on the day is shown, so the look is on record."""
    hers, booking = _hers(study_id), service(BookingService)
    standing = hers.standing
    if standing:
        service(AuditLog).note(
            events.DETAILS_READ, actor=hers.asker.actor, subject=hers.person.subject, reference=standing.reference
        )
    return render_template(
        "booking/desk_appointment.html", flow=hers, standing=standing, past=booking.of_participant(hers.person.id),
        now=booking.now(), members={one.id: one for one in service(TeamService).members()},
        zone=service(Wishes).zone(hers.person.id),
    )  # fmt: skip


@bp.get("/participants/<study_id>/appointment/times")
@requires(Permission.BOOKINGS_MANAGE)
def times(study_id: str) -> Answer:
    """Free times for her."""
    return flow.times_page(_hers(study_id))


@bp.post("/participants/<study_id>/appointment/hold")
@requires(Permission.BOOKINGS_MANAGE)
def hold(study_id: str) -> Answer:
    """Keep one while they talk."""
    return flow.hold(_hers(study_id))


@bp.route("/participants/<study_id>/appointment/confirm", methods=["GET", "POST"])
@requires(Permission.BOOKINGS_MANAGE)
def confirm(study_id: str) -> Answer:
    """Book it for her."""
    return flow.confirm(_hers(study_id))


@bp.route("/participants/<study_id>/appointment/cancel", methods=["GET", "POST"])
@requires(Permission.BOOKINGS_MANAGE)
def cancel(study_id: str) -> Answer:
    """Cancel it, or say that it did not take place."""
    return flow.cancel(_hers(study_id))


def _hers(study_id: str) -> Flow:
    return Flow(
        named_participant(study_id), Asker(current_actor(), team=True), LONDON, "workspace/base.html",
        lambda step, **more: url_for(f"desk.{step}", study_id=study_id, **more),
    )  # fmt: skip
