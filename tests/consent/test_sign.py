from portal.consent.sealing import Sealing
from portal.consent.service import ConsentService
from portal.receipts.errors import SealFailed
from portal.receipts.seal import Sealer
from portal.study.service import StudyBook


def answer_all(client, **no):
    page = client.get("/consent/check-answers")
    while page.address.startswith("/consent/statement/"):
        key = page.address.rsplit("/", 1)[1]
        page = client.submit(page, {"agreed": no.get(key.replace("-", "_"), "yes"), "initials": "IP"})
    return page


def test_it_works_without_javascript(world):
    client, _ = world.participant_client()
    assert client.get("/consent").heading == "Please read about the study first"
    client.get("/information")
    review = answer_all(client)
    assert review.heading == "Check your answers"
    done = client.submit(client.get("/consent/sign"), {"name": "Invented Person"})
    assert done.heading == "Thank you. Your consent is recorded"
    reference = done.address.rsplit("/", 1)[1]
    pdf = client.file(f"/receipts/{reference}.pdf")
    assert pdf.data.startswith(b"%PDF-")
    assert reference in pdf.headers["Content-Disposition"]
    assert client.get("/consent").heading == done.heading


def test_a_refusal_of_a_mandatory_statement_is_thanked(world):
    client, _ = world.participant_client()
    client.get("/information")
    page = answer_all(client, voluntary="no")
    assert page.heading == "Thank you for telling us"
    assert "completely fine" in page.text


def test_nothing_is_ticked_beforehand_and_both_parts_are_asked_for(world):
    client, _ = world.participant_client()
    client.get("/information")
    page = client.get("/consent/statement/voluntary")
    assert not [one for one in page.all("input") if one.get("checked") is not None]
    refused = client.submit(page, {"initials": ""})
    assert "Choose yes or no" in refused.text
    assert "Enter your initials" in refused.text


def test_a_draft_survives_and_two_tabs_do_no_harm(world):
    client, _ = world.participant_client()
    client.get("/information")
    one, two = client.get("/consent/statement/read-sheet"), client.get("/consent/statement/read-sheet")
    client.submit(one, {"agreed": "yes", "initials": "IP"})
    client.submit(two, {"agreed": "yes", "initials": "IP"})
    again = client.get("/consent/check-answers")
    assert again.address == "/consent/statement/voluntary"
    assert again.form_values(list(again.all("form"))[-1])["initials"] == "IP"


def test_a_double_submit_leads_to_the_same_consent(world):
    client, _ = world.participant_client()
    client.get("/information")
    answer_all(client)
    page = client.get("/consent/sign")
    first = client.submit(page, {"name": "Invented Person"})
    second = client.submit(page, {"name": "Invented Person"})
    assert first.address == second.address


def test_what_is_signed_is_what_was_looked_at(world):
    client, invited = world.participant_client()
    client.get("/information")
    review = answer_all(client)
    sign = client.submit(review, {})
    assert sign.heading == "Sign"
    recorded = client.get("/consent/statement/recording")
    client.submit(recorded, {"agreed": "no", "initials": "IP"})
    again = client.submit(sign, {"name": "Invented Person"})
    assert again.heading == "Check your answers"
    assert "changed in another window" in again.text
    assert world.get(ConsentService).state(invited.participant).given is None
    done = client.submit(client.submit(again, {}), {"name": "Invented Person"})
    assert done.heading == "Thank you. Your consent is recorded"
    assert "recording" not in world.get(ConsentService).state(invited.participant).effects


def test_answers_changed_between_check_and_signature_are_looked_at_again(world):
    client, _ = world.participant_client()
    client.get("/information")
    review = answer_all(client)
    client.submit(client.get("/consent/statement/recording"), {"agreed": "no", "initials": "IP"})
    assert client.submit(review, {}).heading == "Check your answers"


def test_a_signed_form_is_not_answered_again(world):
    client, _ = world.participant_client()
    client.get("/information")
    answer_all(client)
    open_still = client.get("/consent/statement/recording")
    done = client.submit(client.get("/consent/sign"), {"name": "Invented Person"})
    for address in ("/consent/sign", "/consent/check-answers", "/consent/statements", "/consent/statement/recording"):
        page = client.get(address)
        assert page.address == done.address
        assert "You have signed this form" in page.text
    assert client.submit(open_still, {"agreed": "no", "initials": "IP"}).address == done.address


def test_a_drawing_that_is_none_is_refused_and_the_name_kept(world):
    client, _ = world.participant_client()
    client.get("/information")
    answer_all(client)
    page = client.submit(client.get("/consent/sign"), {"name": "Invented Person", "drawn": "<svg onload=alert(1)>"})
    assert "The drawing could not be read" in page.text
    assert page.form_values(page.all("form")[-1])["name"] == "Invented Person"


def test_control_characters_and_oversize_names_get_a_clear_error(world):
    client, _ = world.participant_client()
    client.get("/information")
    answer_all(client)
    page = client.get("/consent/sign")
    assert "Use 200 characters or fewer" in client.submit(page, {"name": "x" * 300}).text
    assert "Use only letters, numbers and signs" in client.submit(page, {"name": "In\x00vented"}).text


def test_consent_stands_while_its_receipt_waits_and_both_are_shown(world, monkeypatch):
    client, invited = world.participant_client()
    client.get("/information")
    answer_all(client)

    def broken(*_args, **_kwargs):
        raise SealFailed("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(Sealer, "seal", broken)
        done = client.submit(client.get("/consent/sign"), {"name": "Invented Person"})
    assert "Your consent is safe. Your copy is being made" in done.text
    assert world.get(ConsentService).state(invited.participant).stands
    world.get(Sealing).run()
    assert "Save your copy (PDF)" in client.get(done.address).text


def test_all_on_one_page(world):
    book = world.get(StudyBook)
    book.publish(book.current().study.model_copy(update={"consent_layout": "all_on_one"}))
    client, _ = world.participant_client()
    client.get("/information")
    page = client.get("/consent/check-answers")
    assert page.address == "/consent/statements"
    keys = [one.key for one in book.current().study.documents["carer"].consent.statements]
    incomplete = client.submit(page, {"initials": "IP", f"s-{keys[0]}": "yes"})
    assert "Choose yes or no for each statement" in incomplete.text
    review = client.submit(incomplete, {"initials": "IP", **{f"s-{key}": "yes" for key in keys}})
    assert review.heading == "Check your answers"
