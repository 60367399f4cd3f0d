"""What the research team sees: participants by study ID, their next step, invitations, countersignatures."""

from datetime import UTC, datetime, time

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.wrappers import Response

from portal.audit.service import AuditLog
from portal.booking.service import BookingService
from portal.consent import events as consent_events
from portal.consent.errors import AlreadyCountersigned, NoConsent
from portal.consent.forms import CountersignForm
from portal.consent.readings import Readings
from portal.consent.sealing import Sealing
from portal.consent.service import ConsentService, Countersigning
from portal.messages.failures import Failures
from portal.notes.service import NotesService
from portal.people.contact import ContactService
from portal.people.domain import Invited
from portal.people.errors import CannotRecruit, NoAddress, PlaceGone
from portal.people.identities import Identities
from portal.people.present import named_participant
from portal.people.service import PeopleService
from portal.receipts.errors import UnknownReceipt
from portal.receipts.service import ReceiptService
from portal.receipts.views import pdf_response
from portal.study.service import StudyBook
from portal.team.present import current_actor, current_member
from portal.team.service import TeamService
from portal.team.views import qr_svg
from portal.web.forms import EmptyForm
from portal.web.permissions import Permission, requires
from portal.web.principal import current_principal
from portal.web.services import service
from portal.workspace.domain import flow, recruited
from portal.workspace.forms import IdentityForm, InviteForm, RenewForm, SearchForm, steps
from portal.workspace.picture import draw
from portal.workspace.service import HerRecordings, Overview, ToDoList, Week
from portal.workspace.timeline import Timeline
from portal.workspace.words import meetings_to_do, stages, steps_to_do, told

bp = Blueprint("workspace", __name__, url_prefix="/workspace")


@bp.get("")
@requires(Permission.OWN_ACCOUNT)
def start() -> Response | str:
    """What needs doing, and how recruitment stands; who sees no participants goes to the accounts."""
    me = current_principal()
    if Permission.PARTICIPANTS_READ not in me.permissions:
        return redirect(url_for("team.members"))
    study = service(StudyBook).current().study
    tallies = service(Overview).tallies(me.sites)
    places = [
        (site.key, group.key, study.recruitment.target(site.key, group.key))
        for site in study.sites if me.sees(site.key) for group in study.groups
    ]  # fmt: skip
    counted, levels = flow(tallies), service(StudyBook).levels()
    meetings, soon = service(Week).meetings(me.sites)
    todo = [
        *steps_to_do(tallies, me.permissions), *meetings_to_do(soon, me.permissions),
        *service(ToDoList).items(me.permissions, me.sites),
    ]  # fmt: skip
    return render_template(
        "workspace/overview.html", study=study, flow=counted, picture=draw(stages(counted, study, levels)),
        recruited=recruited(tallies, places), todo=sorted(todo, key=lambda one: not one.urgent),
        levels=levels, meetings=meetings,
        names=service(TeamService).names(),
    )  # fmt: skip


@bp.get("/participants")
@requires(Permission.PARTICIPANTS_READ)
def participants() -> str:
    """A page of the participants, with the next step. No names here."""
    study = service(StudyBook).current().study
    form = SearchForm.of(study, current_principal().sites)
    found = service(Overview).page(form.wanted, _page_number(), current_principal().sites)
    return render_template(
        "workspace/participants.html", form=form, found=found, steps=steps(),
        groups={one.key: one.label for one in study.groups}, sites={one.key: one.name for one in study.sites},
    )  # fmt: skip


@bp.route("/invite", methods=["GET", "POST"])
@requires(Permission.INVITE)
def invite() -> str:
    """Make a participant and show her link once."""
    study = service(StudyBook).current().study
    form = InviteForm.of(study, current_principal().sites)
    if form.validate_on_submit():
        try:
            invited = service(PeopleService).invite(
                form.group.data, form.site.data, actor=current_actor(), email=form.email.data or ""
            )
        except CannotRecruit:
            form.group.errors = [_("A document of the study is still a draft, so nobody can be invited yet")]
        except PlaceGone:  # a new version took it out while this was under way
            form = InviteForm.of(service(StudyBook).current().study, current_principal().sites)
        else:
            return _shown_once(invited, sent=bool(form.email.data))
    form.tell_gone()
    return render_template("workspace/invite.html", form=form)


@bp.get("/participants/<study_id>")
@requires(Permission.PARTICIPANTS_READ)
def participant(study_id: str) -> str:
    """One participant: what happened, what she agreed to, and what to do next."""
    person = named_participant(study_id)
    study = service(StudyBook).current().study
    recordings = service(HerRecordings).of(person) if _may(Permission.RECORDINGS_READ) else None
    appointments = service(BookingService).of_participant(person.id)
    past = service(Timeline).of(person, study, appointments, recordings or ())
    references, levels = [two for one in past.consents for two in one.references], service(StudyBook).levels()
    return render_template(
        "workspace/participant.html", person=person, study=study, state=past.state,
        step=service(Overview).step(person), steps=steps(), consents=past.consents,
        recordings=recordings, appointments=appointments,
        sealed=service(ReceiptService).sealed_among(references),
        checked=service(Readings).last_check(person.id, study.documents[person.group].comprehension),
        names=service(TeamService).names() if appointments else {},
        timeline=[(one.at, told(one, study, levels)) for one in past.facts],
        notes=service(NotesService).count(person.id), form=EmptyForm(),
        unreachable=person.subject in service(Failures).unreachable(person.subject),
    )  # fmt: skip


@bp.route("/participants/<study_id>/renew", methods=["GET", "POST"])
@requires(Permission.INVITE)
def renew(study_id: str) -> str:
    """A fresh link, sent by the portal or shown once; older ones end."""
    people, person = service(PeopleService), named_participant(study_id)
    known = people.may_be_sent_a_link(person.id)
    form = RenewForm.of(known=known)
    if form.validate_on_submit():
        send = form.how.data == "send"
        try:
            return _shown_once(people.renew(person.id, actor=current_actor(), to_known=send), sent=send)
        except NoAddress:  # she took it back, or asked for silence, a moment ago
            known, form = False, RenewForm.of(known=False)
    return render_template("workspace/renew.html", form=form, person=person, known=known)


@bp.route("/participants/<study_id>/identity", methods=["GET", "POST"])
@requires(Permission.IDENTITY_READ)
def identity(study_id: str) -> str:
    """Ask why, then show the e-mail address; the read is on record first."""
    person, form, email, shown = named_participant(study_id), IdentityForm(), None, False
    if form.validate_on_submit():
        why, words = str(form.why.data), str(form.words.data)
        email = service(Identities).look(person, why, words, staff_id=current_principal().id)
        shown = True
    names = service(TeamService).names()
    return render_template(
        "workspace/identity.html", person=person, form=form, email=email, shown=shown, names=names,
        looks=service(Identities).looks(person.id),
        choices=service(ContactService).choices(person.id) if shown else None,
        reasons={one.value: one.label for one in form.why.choices},
    )  # fmt: skip


@bp.route("/participants/<study_id>/countersign", methods=["GET", "POST"])
@requires(Permission.COUNTERSIGN)
def countersign(study_id: str) -> Response | str:
    """Sign as the person taking consent."""
    person = named_participant(study_id)
    state = service(ConsentService).state(person)
    if state.given is None or state.given.countersigned_reference:
        return redirect(url_for("workspace.participant", study_id=study_id))
    documents = service(StudyBook).at(state.given.publication_hash).study.documents[person.group]
    form = CountersignForm()
    if form.validate_on_submit():
        member = current_member()
        declared = Countersigning(
            member.name, datetime.combine(form.conversation_on.data, time(12), UTC), str(form.conversation.data),
            str(form.identity_check.data),
        )  # fmt: skip
        try:
            reference = service(ConsentService).countersign(state.given.id, declared, staff_id=member.id)
        except AlreadyCountersigned:
            flash(_("A colleague countersigned this consent before you."))
        except NoConsent:
            abort(404)
        else:
            service(Sealing).seal(reference)
            flash(_("Countersigned. Reference %(reference)s.", reference=reference))
        return redirect(url_for("workspace.participant", study_id=study_id))
    return render_template(
        "workspace/countersign.html", form=form, person=person, given=state.given, consent_form=documents.consent,
        checked=service(Readings).last_check(person.id, documents.comprehension),
    )  # fmt: skip


@bp.get("/receipts/<reference>.pdf")
@requires(Permission.RECEIPTS_READ)
def receipt(reference: str) -> Response:
    """A participant's receipt. It holds a name, so the read is on record first."""
    receipts = service(ReceiptService)
    try:
        found = receipts.receipt(reference)
    except UnknownReceipt:
        abort(404)
    service(AuditLog).note(
        consent_events.RECEIPT_READ, actor=current_actor(), subject=f"receipt:{reference}", reference=reference
    )
    return pdf_response(receipts.pdf(reference), found.file_name)


def _may(permission: Permission) -> bool:
    return permission in current_principal().permissions


def _page_number() -> int:
    given = request.args.get("page", "1")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 7 else 1


def _shown_once(invited: Invited, *, sent: bool = False) -> str:
    link = url_for("people.invitation", token=invited.token, _external=True)
    image = Markup(qr_svg(link))  # noqa: S704 - our own image
    return render_template("workspace/invited.html", invited=invited, link=link, qr=image, sent=sent)
