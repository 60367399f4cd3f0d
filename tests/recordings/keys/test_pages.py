import pytest

from portal.recordings.keys.service import KeyService
from portal.team.domain import Role
from tests.recordings.keys.making import IDENTITY, by_passkey, by_passphrase
from tests.recordings.keys.test_service import fresh


def sent(client, address, content):
    """What a page's script sends: JSON, with the token that the page carries."""
    page = client.get("/workspace/keys/new")
    token = next(one.get("data-token") for one in page.all("div") if one.get("data-token"))
    return client.raw.post(address, json=content, headers={"X-CSRFToken": token, "Accept": "application/json"})


def content(wrap):
    return {"kind": wrap.kind.value, "name": wrap.name, "blob": wrap.blob, "passkey": wrap.passkey}


def test_a_member_registers_and_a_lead_confirms(world):
    client, lead = world.staff_client(), world.staff_client(Role.LEAD)
    wraps = [content(by_passphrase()), content(by_passkey())]
    answer = sent(client, "/workspace/keys/new", {"recipient": str(IDENTITY.recipient), "wraps": wraps})
    assert answer.json == {"next": "/workspace/keys"}
    assert "Waits for a colleague" in client.get("/workspace/keys").text
    assert "A colleague has to confirm this one" in client.get("/workspace/keys/recipients").text
    page = lead.get("/workspace/keys/recipients")
    assert " ".join(world.get(KeyService).all()[0].words) in page.text
    assert "Confirmed. Recordings from now on" in lead.submit(page, {}).text
    assert "In use: the next recording" in client.get("/workspace/keys").text


def test_the_lead_registers_a_recovery_key_and_bad_input_is_told(world):
    lead = world.staff_client(Role.LEAD)
    page = lead.get("/workspace/keys/recovery/new")
    wrong = lead.submit(page, {"recipient": IDENTITY.encode(), "threshold": "two", "shares": "40"})
    assert "Enter a number from 2 to 16" in wrong.text
    secret = lead.submit(page, {"recipient": IDENTITY.encode(), "threshold": "2", "shares": "3"})
    assert "this is a secret key" in secret.text
    done = lead.submit(page, {"recipient": fresh(), "threshold": "2", "shares": "3"})
    assert "2 of 3 shares join it again" in done.text
    assert "A colleague has to confirm this one" in done.text
    assert "This study has no recovery key in use yet" in done.text


@pytest.mark.parametrize(
    "body",
    [[], "x", {"recipient": 7, "wraps": []}, {"recipient": "age1", "wraps": "x"}, {"recipient": "age1", "wraps": [7]},
     {"recipient": "age1", "wraps": [{"kind": "key", "name": "a", "blob": "b"}]}],
)  # fmt: skip
def test_odd_json_is_refused_and_nothing_is_kept(world, body):
    client = world.staff_client()
    assert sent(client, "/workspace/keys/new", body).status_code in (400, 422)
    assert world.get(KeyService).all() == []


def test_keys_ask_for_a_recent_proof(world):
    client = world.staff_client()
    world.clock.forward(minutes=11)
    for address in ("/workspace/keys/new", "/workspace/keys/1/ways/new"):
        assert client.get(address).address == "/team/confirm"
    assert client.get("/workspace/keys").status == 200


def test_nobody_touches_another_s_key(world):
    hers = world.member().id
    key = world.get(KeyService).register(str(IDENTITY.recipient), [by_passphrase()], staff_id=hers)
    other = world.staff_client()
    assert other.get(f"/workspace/keys/{key.id}/ways/new").status == 404
    answer = sent(other, f"/workspace/keys/{key.id}/ways/new", {"wrap": content(by_passkey())})
    assert answer.status_code == 404
    assert by_passphrase().blob not in other.get("/workspace/keys").text


@pytest.mark.parametrize(("role", "status"), [(Role.AUDITOR, 200), (Role.IT, 403)])
def test_who_sees_the_recipients(world, role, status):
    client = world.staff_client(role)
    assert client.get("/workspace/keys/recipients").status == status
    assert client.get("/workspace/keys/new").status == 403
