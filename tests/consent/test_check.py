from portal.consent.readings import Readings
from portal.study.service import StudyBook


def test_it_never_blocks_and_tells_the_researcher_what_to_talk_about(world):
    client, invited = world.participant_client()
    client.get("/information")
    page = client.submit(client.get("/information/check"), {"q-choice": "must", "q-recording": "agreed"})
    assert "It is a little different." in page.text
    assert "/consent" in page.links()
    check = world.get(StudyBook).current().study.documents["carer"].comprehension
    seen = world.get(Readings).last_check(invited.participant.id, check)
    assert [(one.question.key, one.right) for one in seen] == [("choice", False), ("recording", True)]


def test_leaving_all_out_is_fine(world):
    client, _ = world.participant_client()
    assert client.submit(client.get("/information/check"), {}).status == 200


def test_the_sheet_can_be_saved_as_pdf(world):
    client, _ = world.participant_client()
    assert client.file("/information.pdf").data.startswith(b"%PDF-")
