from portal.db.kinds import DataKind
from portal.erasure.retention import RetentionService
from portal.messages.service import Outbox
from portal.team.domain import Role
from portal.workspace.reminding import Reminding
from tests.support.post import text_of


def test_a_deletion_that_waits_for_a_second_person_is_told_of_once_and_names_nobody(worlds):
    person, asking, deciding = worlds.participant(), worlds.member(Role.LEAD), worlds.member(Role.LEAD)
    worlds.member(Role.RESEARCHER)  # may not decide, so is not told
    number = worlds.get(RetentionService).ask(person, [DataKind.ANSWERS], "asked", "", staff_id=asking.id)
    for _ in range(2):
        assert worlds.get(Reminding).run() == 1
        worlds.get(Outbox).send_due()
    assert sorted(one["To"] for one in worlds.sent) == sorted([asking.email, deciding.email])
    assert {one["Subject"] for one in worlds.sent} == {"A deletion is due"}
    assert person.study_id not in text_of(worlds.sent[0])
    worlds.get(RetentionService).decide(number, approve=False, staff_id=deciding.id)
    assert worlds.get(Reminding).run() == 0
