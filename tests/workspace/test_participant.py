from portal.consent.history import ConsentHistory
from portal.consent.service import ConsentService
from portal.people.identities import Identities
from portal.recruitment.service import RecruitmentService
from portal.workspace.service import Timeline


def test_the_timeline_tells_what_happened(worlds):
    person = worlds.participant()
    worlds.get(RecruitmentService).decline(person)
    worlds.clock.forward(days=1)
    worlds.consent(person)
    worlds.clock.forward(days=1)
    worlds.get(ConsentService).withdraw(person, "stop-recording")
    told = [(one.what, one.detail) for one in worlds.get(Timeline).of(person)[1]]
    version = worlds.get(ConsentService).form(person)[1].version
    assert told[:3] == [("withdrew", "stop-recording"), ("consented", version), ("declined", "")]
    assert {"invited", "read"} <= {what for what, _ in told}


def test_consents_stand_by_version_with_their_answers(worlds):
    person = worlds.participant()
    worlds.consent(person)
    worlds.get(ConsentService).withdraw(person, "stop-keep")
    worlds.consent(person)
    first, second = worlds.get(ConsentHistory).of(person)
    assert first.countersigned is None
    assert [one.level for one in first.withdrawals] == ["stop-keep"]
    assert second.withdrawals == ()
    assert [agreed for _, agreed in second.answered] == [True] * len(second.form.statements)


def test_an_address_is_shown_only_with_a_reason_that_stays(worlds):
    person, member = worlds.participant(), worlds.member()
    found = worlds.get(Identities).look(person, "interview", "to ring her", staff_id=member.id)
    assert found is None
    assert [(one.staff_id, one.why, one.words) for one in worlds.get(Identities).looks(person.id)] == [
        (member.id, "interview", "to ring her")
    ]


def test_the_page_shows_everything_and_no_name(world):
    person = world.participant()
    world.consent(person, "Very Private Name")
    page = world.staff_client().get("/workspace/participants/C-0001")
    assert "Consented, form version" in page.text
    assert "None is booked" in page.text
    assert "Very Private Name" not in page.text
