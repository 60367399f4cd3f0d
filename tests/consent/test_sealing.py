import pytest

from portal.consent.records import Records
from portal.consent.sealing import Sealing
from portal.consent.service import ConsentService, Countersigning
from portal.messages.service import Outbox
from portal.people.service import PeopleService
from portal.receipts.errors import SealFailed
from portal.receipts.seal import Sealer
from portal.receipts.service import ReceiptService
from portal.team.domain import Role


def test_a_receipt_that_fails_to_seal_is_sealed_later(worlds, monkeypatch):
    person = worlds.participant()

    def broken(*_args, **_kwargs):
        raise SealFailed("no room for the key")

    with monkeypatch.context() as patch:
        patch.setattr(Sealer, "seal", broken)
        reference = worlds.consent(person)
        assert worlds.get(Sealing).seal(reference) is False
    assert worlds.get(ConsentService).state(person).stands
    assert worlds.get(Records).unsealed() == [reference]
    assert worlds.get(Sealing).run() == 1
    assert worlds.get(Records).unsealed() == []
    assert worlds.get(Sealing).run() == 0


def test_she_is_told_once_that_her_copy_is_ready(world):
    person = world.participant()
    world.get(PeopleService).set_email(person.id, "somebody@example.org")
    reference = world.sealed(person)
    world.get(Sealing).seal(reference)
    world.get(Outbox).send_due()
    assert [one["Subject"] for one in world.sent] == ["Your copy is ready"]


def test_the_countersignature_names_the_consent_s_receipt(world):
    person, member = world.participant(), world.member()
    world.consent(person)
    given = world.get(ConsentService).state(person).given
    declared = Countersigning(member.name, world.clock(), "We talked.", "known-to-service")
    reference = world.get(ConsentService).countersign(given.id, declared, staff_id=member.id)
    assert world.get(Sealing).seal(reference)
    _, record = world.get(Records).build(reference)
    assert record.earlier[0].sha256 == world.get(ReceiptService).receipt(given.reference).sha256


@pytest.mark.parametrize("change", [lambda b: b[:2000] + bytes([b[2000] ^ 1]) + b[2001:], lambda b: b + b"junk"])
def test_a_tampered_receipt_is_not_whole(world, change):
    reference = world.sealed(world.participant())
    receipts = world.get(ReceiptService)
    pdf = receipts.pdf(reference)
    assert receipts.verify(pdf).whole
    assert not receipts.verify(change(pdf)).whole


def test_another_s_receipt_is_not_found(world):
    reference = world.sealed(world.participant())
    client, _ = world.participant_client()
    assert client.file(f"/receipts/{reference}.pdf").status_code == 404
    assert client.get(f"/consent/done/{reference}").status == 404


def test_messages_that_a_dying_process_did_not_promise_are_promised_later(world):
    person, lead = world.participant(), world.member(Role.LEAD)
    world.get(PeopleService).set_email(person.id, "somebody@example.org")
    reference = world.consent(person)
    _, record = world.get(Records).build(reference)
    world.get(ReceiptService).issue(record)  # and here the process dies
    for _ in range(2):
        world.get(Sealing).run()
        world.clock.forward(minutes=15)
        world.get(Outbox).send_due()
    told = sorted((one["To"], one["Subject"]) for one in world.sent)
    assert told == sorted([("somebody@example.org", "Your copy is ready"), (lead.email, "A form to countersign")])
