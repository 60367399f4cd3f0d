"""Who is to sign while the portal is killed."""

import threading

from portal import wiring
from portal.consent.domain import StatementAnswer
from portal.consent.readings import Readings
from portal.consent.service import ConsentService
from portal.people.domain import Invited
from portal.people.service import PeopleService
from portal.study.service import StudyBook
from tests.support.world import ACTOR


class People:
    """Invited people whose answers are saved, so that only signing is left."""

    def __init__(self, services: wiring.Services) -> None:
        self._services = services
        self._lock = threading.Lock()
        study = services.get(StudyBook).current().study
        self.sheet = study.documents["carer"].information_sheet.content_hash
        self.form = study.documents["carer"].consent

    def next(self) -> Invited:
        with self._lock:
            invited = self._services.get(PeopleService).invite("carer", "trust-a", actor=ACTOR)
            person = invited.participant
            self._services.get(Readings).note(person, self.sheet)
            answers = {one.key: StatementAnswer(True, "IP") for one in self.form.statements}
            self._services.get(ConsentService).answer(person, self.form.content_hash, answers)
            return invited
