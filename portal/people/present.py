"""Who is at the page."""

from portal.people.domain import Participant
from portal.people.service import PeopleService
from portal.web.principal import current_principal
from portal.web.services import service


def current_participant() -> Participant:
    """The participant who asks. Only for views that need the permission of a participant."""
    return service(PeopleService).participant(current_principal().id)
