"""A participant's home page."""

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from portal.booking.service import BookingService
from portal.booking.wishes import Wishes
from portal.booking.words import countdown
from portal.consent.readings import Readings
from portal.consent.service import ConsentService
from portal.demographics.service import DemographicsService
from portal.enquiries.service import EnquiryService
from portal.journey.tasks import Facts, tasks
from portal.people.present import current_participant
from portal.people.service import PeopleService
from portal.receipts.service import ReceiptService
from portal.rooms.service import RoomService
from portal.study.service import StudyBook
from portal.web.permissions import Permission, requires
from portal.web.principal import current_principal
from portal.web.services import service

bp = Blueprint("journey", __name__)


@bp.get("/home")
@requires(Permission.OWN_JOURNEY)
def home() -> str:
    """What is done, and what comes next."""
    me = current_participant()
    documents = service(StudyBook).current().study.documents[me.group]
    state, demographics = service(ConsentService).state(me), service(DemographicsService)
    booking = service(BookingService)
    appointment = booking.current(me.id)
    facts = Facts(
        sheet_read=service(Readings).first(me.id, documents.information_sheet.content_hash) is not None,
        consent=state,
        questions_left=len(demographics.left(me)),
        has_email=service(PeopleService).email_of(me.id) is not None,
        booked=appointment is not None,
        interviewed=booking.had(me.id) >= booking.rules.interviews,
    )
    references = service(ConsentService).references(me.id) if state.given or state.withdrawals else []
    sealed = service(ReceiptService).sealed_among([reference for _, reference, _ in references])
    return render_template(
        "journey/home.html", tasks=tasks(facts), state=state, references=references, sealed=sealed,
        appointment=appointment, countdown=appointment and countdown(appointment, booking.now()),
        zone=appointment and service(Wishes).zone(me.id), unread=service(EnquiryService).unread(me.id),
        meeting=service(RoomService).meeting(me),
    )  # fmt: skip


@bp.get("/")
@requires(Permission.PUBLIC)
def front() -> Response | str:
    """The front door says where to go; it names no topic."""
    principal = current_principal()
    if principal.kind == "participant":
        return redirect(url_for("journey.home"))
    if principal.kind == "staff":
        return redirect(url_for("workspace.start"))
    return render_template("journey/front.html")
