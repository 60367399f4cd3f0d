import base64
import io

import pyrage
import pytest

from portal.audit.service import AuditLog
from portal.recordings import age
from portal.recordings.destroying import Destructions
from portal.recordings.errors import VaultError
from portal.recordings.playback.service import Notes
from portal.recordings.service import RecordingService
from portal.team.domain import Role
from tests.recordings.made import keyed, recorded, team
from tests.support.world import ACTOR


@pytest.fixture
def studio(world):
    """A world with one recording, and the identities that open it."""
    world.identities = keyed(world, *team(world))
    world.recording = recorded(world)
    return world


def opened(studio, role=Role.RESEARCHER):
    """A member at the player's page."""
    client = studio.staff_client(role)
    page = client.get(f"/workspace/recordings/{studio.recording.id}")
    assert page.status == 200
    return client, page


def ask(client, address, **headers):
    return client.raw.get(address, headers={"Accept": "application/json", **headers})


def token(page):
    return next(one.get("data-token") for one in page.all("div") if one.get("data-play") is not None)


def test_the_list_shows_it_by_study_id_and_never_a_name(studio):
    page = studio.staff_client().get("/workspace/recordings")
    assert "not linked" in page.text
    assert f"/workspace/recordings/{studio.recording.id}" in page.links()


def test_the_player_s_page_may_play_and_nothing_else_may(studio):
    client = studio.staff_client()
    policy = client.raw.get(f"/workspace/recordings/{studio.recording.id}").headers["Content-Security-Policy"]
    assert policy.endswith("media-src blob:; worker-src 'self'")
    other = client.raw.get("/workspace/recordings").headers["Content-Security-Policy"]
    assert "media-src" not in other


def test_what_is_served_opens_with_the_key_and_only_with_it(studio):
    client, _ = opened(studio)
    base = f"/workspace/recordings/{studio.recording.id}/files/p1-1.webm.age"
    whole = ask(client, base)
    assert (whole.status_code, whole.content_length) == (200, len(whole.data))
    for identity in studio.identities:
        plain = io.BytesIO()
        age.decrypt(io.BytesIO(whole.data), plain, [identity])
        assert plain.getvalue().startswith(b"\x1a\x45\xdf\xa3")
        assert pyrage.decrypt(whole.data, [pyrage.x25519.Identity.from_str(identity.encode())]) == plain.getvalue()
    with pytest.raises(age.WrongKey):
        age.decrypt(io.BytesIO(whole.data), io.BytesIO(), [age.new_identity(age.Kind.X25519)])


@pytest.mark.parametrize(
    ("asked", "status", "span"),
    [
        ("bytes=0-99", 206, (0, 100)),
        ("bytes=100-", 206, (100, None)),
        ("bytes=-50", 206, (-50, None)),
        ("bytes=99999999-", 416, None),
        ("bytes=0-1,5-6", 200, (0, None)),
        ("lines=1-2", 200, (0, None)),
        ("bytes=9-1", 200, (0, None)),
        ("nonsense", 200, (0, None)),
    ],
)
def test_stretches(studio, asked, status, span):
    client, _ = opened(studio)
    base = f"/workspace/recordings/{studio.recording.id}/files/p2-1.webm.age"
    whole = ask(client, base).data
    answer = ask(client, base, Range=asked)
    assert answer.status_code == status
    if span is None:
        assert answer.headers["Content-Range"] == f"bytes */{len(whole)}"
        assert answer.data == b""
        return
    assert answer.data == whole[slice(*span)]
    if status == 206:
        start = span[0] % len(whole)
        assert answer.headers["Content-Range"] == f"bytes {start}-{start + len(answer.data) - 1}/{len(whole)}"


def test_a_download_is_resumed_only_if_the_file_is_the_same(studio):
    client, _ = opened(studio)
    base = f"/workspace/recordings/{studio.recording.id}/encrypted/p2-1.webm.age"
    first = ask(client, base)
    tag = first.headers["ETag"]
    assert first.headers["Content-Disposition"] == 'attachment; filename="p2-1.webm.age"'
    rest = ask(client, base, Range="bytes=100-", **{"If-Range": tag})
    assert (rest.status_code, first.data[:100] + rest.data) == (206, first.data)
    assert ask(client, base, Range="bytes=100-", **{"If-Range": '"another"'}).status_code == 200


def test_each_look_and_download_is_on_record(studio):
    client, page = opened(studio)
    base = f"/workspace/recordings/{studio.recording.id}"
    ask(client, f"{base}/encrypted/p1-1.webm.age")
    ask(client, f"{base}/encrypted/manifest.jsonl")
    headers = {"X-CSRFToken": token(page), "Accept": "application/json"}
    noted = client.raw.post(f"{base}/downloads", json={"what": "person", "file": "p1-1.webm"}, headers=headers)
    assert noted.json == {"noted": True}
    for odd in ({"what": "all"}, {"what": "person", "file": "../x"}, [], {"what": "audio", "file": 7}):
        assert client.raw.post(f"{base}/downloads", json=odd, headers=headers).status_code == 422
    seen = [(one.kind, one.fields.get("file")) for one in reversed(studio.get(AuditLog).newest(5))]
    assert seen == [
        ("recordings.played", None),
        ("key.unlock_offered", None),
        ("recordings.downloaded", "p1-1.webm.age"),
        ("recordings.downloaded", "manifest.jsonl"),
        ("recordings.downloaded", "person:p1-1.webm"),
    ]


def test_bytes_are_for_whoever_opened_the_player_and_for_a_while(studio):
    client = studio.staff_client()
    base = f"/workspace/recordings/{studio.recording.id}"
    for address in (f"{base}/manifest", f"{base}/files/p1-1.webm.age", f"{base}/encrypted/p1-1.webm.age"):
        answer = ask(client, address)
        assert (answer.status_code, answer.json) == (401, {"confirm": "/team/confirm"})
    client.get(base)
    assert ask(client, f"{base}/manifest").data.startswith(b'{"at":')
    for _ in range(10):  # it goes on while she listens
        studio.clock.forward(minutes=20)
        assert ask(client, f"{base}/files/p1-1.webm.age", Range="bytes=0-9").status_code == 206
    assert client.get(base).address == "/team/confirm"
    for _ in range(3):
        studio.clock.forward(minutes=20)
        answer = ask(client, f"{base}/files/p1-1.webm.age", Range="bytes=0-9")
    assert answer.status_code == 401


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.IT])
def test_who_may_not_listen(studio, role):
    client = studio.staff_client(role)
    for part in ("", "/manifest", "/files/p1-1.webm.age", "/encrypted/p1-1.webm.age"):
        assert client.get(f"/workspace/recordings/{studio.recording.id}{part}").status == 403


@pytest.mark.parametrize(
    "name",
    ["..%2f..%2fkeys%2fdata.json", "manifest.jsonl.age", "p9-1.webm.age", "p1-1.webm.age.header", "%00", "a" * 300],
)
def test_no_other_file_is_served(studio, name):
    client, _ = opened(studio)
    assert ask(client, f"/workspace/recordings/{studio.recording.id}/files/{name}").status_code == 404
    assert ask(client, f"/workspace/recordings/{name}/files/p1-1.webm.age").status_code in (401, 404)


def test_notes_are_kept_sealed_and_go_with_the_recording(studio):
    client, page = opened(studio)
    address = f"/workspace/recordings/{studio.recording.id}/notes"
    headers = {"X-CSRFToken": token(page), "Accept": "application/json"}
    sealed = io.BytesIO()
    age.encrypt(
        io.BytesIO(b'{"ms": 5, "text": "a planted note"}'), sealed, [one.recipient for one in studio.identities]
    )
    blob = base64.b64encode(sealed.getvalue()).decode()
    assert client.raw.post(address, json={"sealed": blob}, headers=headers).json["by"] == "Invented researcher"
    passphrase = base64.b64encode(pyrage.passphrase.encrypt(b"x", "y")).decode()
    for odd in ("plain text", base64.b64encode(b"plain text").decode(), passphrase, "A" * 200_000, ""):
        assert client.raw.post(address, json={"sealed": odd}, headers=headers).status_code == 422
    for odd in ({}, {"sealed": 5}, []):
        assert client.raw.post(address, json=odd, headers=headers).status_code == 400
    notes = studio.get(Notes)
    assert [one.sealed for one in notes.of(studio.recording.id)] == [blob]
    assert notes.sweep() == 0
    studio.get(Destructions).order(studio.recording.id, "retention", actor=ACTOR, approved_by="staff:1")
    assert notes.sweep() == 1
    for part in ("files/p1-1.webm.age", "encrypted/p1-1.webm.age", "manifest"):
        assert ask(client, f"/workspace/recordings/{studio.recording.id}/{part}").status_code == 410
    page = client.get(f"/workspace/recordings/{studio.recording.id}")
    assert (page.heading, page.address.rsplit("/", 1)[1]) == ("Certificate of destruction", "certificate")


def test_a_vault_that_does_not_answer_gives_a_clear_page(studio, monkeypatch):
    client, _ = opened(studio)

    def away(*_args, **_kwargs):
        raise VaultError("the service does not answer")

    monkeypatch.setattr(RecordingService, "stored", away)
    assert ask(client, f"/workspace/recordings/{studio.recording.id}/files/p1-1.webm.age").status_code == 503
