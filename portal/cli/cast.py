"""Makes the invented cast: people at different steps, through the same services as real ones."""

import secrets
from contextlib import suppress

import pyotp

from portal.audit.domain import Actor
from portal.cli import rooms_cast
from portal.cli.booking_cast import BOOKED, book_tomorrow, publish_hours
from portal.cli.recordings_cast import prepare
from portal.clock import london_day, now
from portal.consent.domain import Signature, StatementAnswer
from portal.consent.readings import Readings
from portal.consent.sealing import Sealing
from portal.consent.service import ConsentService, Countersigning
from portal.delegation.domain import Task
from portal.delegation.service import DelegationService, delegable
from portal.demographics.domain import Value
from portal.demographics.service import DemographicsService
from portal.people.domain import Participant
from portal.people.service import PeopleService
from portal.settings import Settings
from portal.study.service import StudyBook
from portal.team.domain import Role
from portal.team.errors import SignInRefused
from portal.team.service import TeamService
from portal.wiring import Services
from portal.workspace.demo import Cast, CastMember, CastParticipant, read, save

ACTOR = Actor.system("demonstration")


def ensure(services: Services, settings: Settings) -> Cast:
    """The cast of this instance, made at first start, with links to where the portal is now."""
    known = read(settings.instance)
    cast = (known or _make(services, settings)).at(settings.public_url)
    if cast != known:
        save(settings.instance, cast)
    return cast


def _make(services: Services, settings: Settings) -> Cast:
    staff = tuple(_member(services, role) for role in Role)
    _delegate(services)
    publish_hours(services)
    people = tuple(_participants(services, settings))
    done = next(one for one in people if one.who.endswith(BOOKED))
    prepare(services, services.get(PeopleService).by_study_id(done.study_id))
    return Cast(people, staff)


def _member(services: Services, role: Role) -> CastMember:
    team = services.get(TeamService)
    token = team.invite(role, actor=ACTOR)
    secret = team.enrolment(token).totp_secret
    email, password = f"{role.value}@demonstration.invalid", secrets.token_urlsafe(12)
    name = f"Demonstration {'IT' if role is Role.IT else role.value.title()}"
    for at in (int(now().timestamp()) - 30, int(now().timestamp())):
        # A code of the step before, so that the present one is still good for the first sign-in. A slow machine may
        # have gone on to the next step meanwhile.
        with suppress(SignInRefused):
            team.join(token, name=name, email=email, password=password, code=pyotp.TOTP(secret).at(at))
            break
    return CastMember(role.value, email, password, secret)


def _delegate(services: Services) -> None:
    """The lead lets the researcher do everything."""
    members = services.get(TeamService).members()
    lead = next(one for one in members if one.role is Role.LEAD)
    for member in members:
        if delegable(member.role):
            services.get(DelegationService).sign(member, Task, london_day(now()), None, actor=Actor.staff(lead.id))


def _participants(services: Services, settings: Settings) -> list[CastParticipant]:
    study = services.get(StudyBook).current().study
    site = study.sites[0].key
    found = []
    for group in study.groups:
        for number, (who, step) in enumerate(_STEPS, 1):
            invited = services.get(PeopleService).invite(group.key, site, actor=ACTOR)
            person = invited.participant
            email = "" if step == "invited" else f"{group.key}{number}@demonstration.invalid"
            if step != "invited":
                services.get(PeopleService).set_email(person.id, email)
                services.get(Readings).note(person, study.documents[group.key].information_sheet.content_hash)
            if step in ("consented", "complete"):
                _consent(services, person)
            if step == "complete":
                _complete(services, person)
            if who == BOOKED and group is study.groups[0]:
                book_tomorrow(services, person)
            link = f"{settings.public_url}/invitation/{invited.token}"
            found.append(CastParticipant(f"{group.label}, {who}", person.study_id, link, email))
    return found


_STEPS = (
    ("new to the study", "invited"),
    ("is reading the information", "reading"),
    ("has consented, not countersigned yet", "consented"),
    (BOOKED, "complete"),
    (rooms_cast.WHO, "complete"),
)


def _consent(services: Services, person: Participant) -> str:
    consents = services.get(ConsentService)
    _, form = consents.form(person)
    answers = {one.key: StatementAnswer(agreed=True, initials="IP") for one in form.statements}
    consents.answer(person, form.content_hash, answers)
    reference = consents.give(person, form.content_hash, Signature(f"Invented Person {person.study_id}"))
    services.get(Sealing).seal(reference)
    return reference


def _complete(services: Services, person: Participant) -> None:
    consents, team = services.get(ConsentService), services.get(TeamService)
    given = consents.state(person).given
    researcher = next(one for one in team.members() if one.role is Role.RESEARCHER)
    if given is not None:
        declared = Countersigning(researcher.name, now(), "An invented conversation.", "known-to-service")
        reference = consents.countersign(given.id, declared, staff_id=researcher.id)
        services.get(Sealing).seal(reference)
    demographics = services.get(DemographicsService)
    for question in demographics.questionnaire(person).questions:
        value = Value((question.choices[0].key,)) if question.choices else Value(declined=True)
        demographics.answer(person, question.key, value)
