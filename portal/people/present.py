"""The participant whom a request is about, for views."""

from flask import abort

from portal.people.domain import Participant
from portal.people.errors import ParticipantUnknown
from portal.people.service import PeopleService
from portal.web.principal import current_principal
from portal.web.services import service


def current_participant() -> Participant:
    """She who asks. Only for views that need the permission of a participant. Raises ParticipantUnknown."""
    return service(PeopleService).participant(current_principal().id)


def named_participant(study_id: str) -> Participant:
    """Whom the address names; the page "not found" if nobody has this study ID."""
    try:
        return service(PeopleService).by_study_id(study_id)
    except ParticipantUnknown:
        abort(404)
