import io

import pytest

from portal.audit.service import AuditLog
from portal.recordings import age
from portal.recordings.destroying import Destructions
from portal.recordings.errors import HeadersRefused, RecordingDestroyed
from portal.recordings.keys.service import KeyService
from portal.recordings.requests.domain import Why
from portal.recordings.requests.errors import AlreadyAsked, RecipientsChanged, RequestUnknown, SamePerson
from portal.recordings.requests.service import Requests
from portal.recordings.service import RecordingService
from portal.team.domain import Role
from tests.recordings.keys.making import by_passphrase
from tests.recordings.made import MINE, RECOVERY, keyed, recorded, team

NEWCOMER = age.new_identity(age.Kind.X25519)


@pytest.fixture
def studio(worlds):
    """A recording for MINE and RECOVERY, and a newcomer's key in use since."""
    worlds.hers, worlds.lead = team(worlds)
    keyed(worlds, worlds.hers, worlds.lead)
    worlds.recording = recorded(worlds).id
    keys = worlds.get(KeyService)
    key = keys.register(str(NEWCOMER.recipient), [by_passphrase()], staff_id=worlds.lead)
    keys.confirm(key.id, staff_id=worlds.hers)
    return worlds


def opens(studio, identity):
    stored = studio.get(RecordingService).stored(studio.recording, "p1-1.webm.age")
    plain = io.BytesIO()
    try:
        age.decrypt(io.BytesIO(stored.read_at(0, stored.size)), plain, [identity])
    except age.WrongKey:
        return False
    return plain.getvalue().startswith(b"\x1a\x45\xdf\xa3")


def headers(studio, recipients):
    """What the decider's browser makes."""
    made, recordings = {}, studio.get(RecordingService)
    for track in recordings.recording(studio.recording).tracks:
        for name in track.encrypted_files:
            old = age.header_at(recordings.stored(studio.recording, name).read_at).raw
            made[name] = age.rewrap(old, [MINE], recipients)
    return made


def test_one_asks_another_opens_it_for_today_s_keys(studio):
    requests = studio.get(Requests)
    asked = requests.ask_rewrap(studio.recording, staff_id=studio.lead)
    with pytest.raises(AlreadyAsked):
        requests.ask_rewrap(studio.recording, staff_id=studio.hers)
    new = headers(studio, requests.recipients())
    with pytest.raises(SamePerson):
        requests.rewrap(asked.id, new, staff_id=studio.lead)
    assert not opens(studio, NEWCOMER)
    requests.rewrap(asked.id, new, staff_id=studio.hers)
    assert all(opens(studio, one) for one in (NEWCOMER, MINE, RECOVERY))
    with pytest.raises(RequestUnknown):
        requests.rewrap(asked.id, new, staff_id=studio.hers)
    kinds = [(one.kind, one.actor) for one in studio.get(AuditLog).newest(2)]
    assert kinds == [
        ("recordings.request_decided", f"staff:{studio.hers}"),
        ("recordings.rewrapped", f"staff:{studio.lead}"),
    ]


def test_headers_that_are_not_for_so_many_keys_are_refused_and_nothing_is_decided(studio):
    requests = studio.get(Requests)
    asked = requests.ask_rewrap(studio.recording, staff_id=studio.lead)
    whole = headers(studio, requests.recipients())
    for bad in (
        headers(studio, [NEWCOMER.recipient]),
        dict(list(whole.items())[:1]),
        dict.fromkeys(whole, b"not a header"),
        {name: one + b"more" for name, one in whole.items()},
        {**whole, "../manifest.jsonl": b""},
    ):
        with pytest.raises(HeadersRefused):
            requests.rewrap(asked.id, bad, staff_id=studio.hers)
    assert requests.request(asked.id).agreed is None
    assert not opens(studio, NEWCOMER)


def test_keys_that_changed_since_are_not_opened_for(studio):
    requests, keys = studio.get(Requests), studio.get(KeyService)
    asked = requests.ask_rewrap(studio.recording, staff_id=studio.lead)
    new = headers(studio, requests.recipients())
    keys.retire(keys.keys_of(studio.lead)[0].id, staff_id=studio.lead)
    with pytest.raises(RecipientsChanged):
        requests.rewrap(asked.id, new, staff_id=studio.hers)
    requests.refuse(asked.id, staff_id=studio.hers)
    assert requests.open() == []


def test_one_asks_another_destroys_and_a_certificate_stays(studio):
    requests, destructions = studio.get(Requests), studio.get(Destructions)
    folder = studio.settings.instance / "vault" / studio.recording
    asked = requests.ask_erasure(studio.recording, Why.WITHDRAWAL, staff_id=studio.lead)
    with pytest.raises(SamePerson):
        requests.erase(asked.id, staff_id=studio.lead)
    assert folder.exists()
    requests.erase(asked.id, staff_id=studio.hers)
    with pytest.raises(RecordingDestroyed):
        studio.get(RecordingService).stored(studio.recording, "p1-1.webm.age")
    with pytest.raises(RecordingDestroyed):
        requests.ask_rewrap(studio.recording, staff_id=studio.lead)
    destructions.run()
    assert not folder.exists()
    assert destructions.certificate(studio.recording).files == 2


def test_pages_let_two_people_decide_and_refuse_one(world):
    lead = world.staff_client(Role.LEAD)
    client = world.staff_client()
    keyed(world, *team(world))
    recording = recorded(world).id
    ask = lead.get(f"/workspace/recordings/{recording}/requests/erase")
    assert "Choose a reason" in lead.submit(ask, {}).text
    listing = lead.submit(ask, {"why": "mistake"})
    assert "nothing is destroyed yet" in listing.text
    own = lead.get("/workspace/recordings/requests/1")
    assert "a colleague has to carry it out" in own.text
    assert "Destroy the recording</button>" not in own.text
    token = own.form_values(own.all("form")[-1])["csrf_token"]
    told = lead.raw.post("/workspace/recordings/requests/1/erase", data={"csrf_token": token}, follow_redirects=True)
    assert "Nothing was changed: you asked for this" in told.get_data(as_text=True)
    page = client.get("/workspace/recordings/requests/1")
    assert "it should never have been recorded" in page.text
    done = client.submit(page, {}, form=0)
    assert (done.heading, done.status) == ("Certificate of destruction", 200)
    world.get(Destructions).run()
    assert "2, of" in client.get(f"/workspace/recordings/{recording}/certificate").text
    assert client.get("/workspace/recordings/requests/1").text.count("This is decided") == 1
    assert client.get("/workspace/recordings/requests/9").status == 404
