import base64
import json
from dataclasses import replace

import pyrage
import pytest

from portal.audit.service import AuditLog
from portal.recordings.age import Kind, new_identity
from portal.recordings.keys.domain import KeyKind, Standing, WrapKind
from portal.recordings.keys.errors import (
    KeyKnown,
    KeyRefused,
    KeyUnknown,
    LastWayIn,
    NotReadyToRecord,
    SamePerson,
)
from portal.recordings.keys.service import KeyService
from portal.recordings.keys.words import words_of
from portal.settings import ROOT
from portal.team.domain import Role
from portal.team.service import TeamService
from tests.recordings.keys.making import IDENTITY, PASSPHRASE, by_passkey, by_passphrase
from tests.support.world import ACTOR


def fresh():
    return str(new_identity(Kind.X25519).recipient)


@pytest.fixture
def pair(worlds):
    """A researcher and a lead."""
    return worlds.member().id, worlds.member(Role.LEAD).id


def ready(world, hers, lead):
    """Everything that a recording needs: a member's key and the recovery key, both confirmed."""
    keys = world.get(KeyService)
    key = keys.register(str(IDENTITY.recipient), [by_passphrase()], staff_id=hers)
    recovery = keys.register_recovery(fresh(), threshold=2, shares=3, actor=ACTOR, staff_id=lead)
    keys.confirm(key.id, staff_id=lead)
    keys.confirm(recovery.id, staff_id=hers)
    return key, recovery


def test_a_key_is_used_once_somebody_else_has_confirmed_it(worlds, pair):
    keys, (hers, lead) = worlds.get(KeyService), pair
    key = keys.register(str(IDENTITY.recipient), [by_passphrase(), by_passkey()], staff_id=hers)
    assert key.standing is Standing.WAITING
    with pytest.raises(SamePerson):
        keys.confirm(key.id, staff_id=hers)
    assert keys.confirm(key.id, staff_id=lead).standing is Standing.IN_USE
    with pytest.raises(KeyUnknown):
        keys.confirm(key.id, staff_id=lead)
    kinds = [event.kind for event in worlds.get(AuditLog).newest(4)]
    assert kinds == ["key.confirmed", "key.way_in_added", "key.way_in_added", "key.registered"]


def test_what_the_server_keeps_opens_with_the_passphrase_and_nothing_else(world):
    hers = world.member().id
    key, _ = ready(world, hers, world.member(Role.LEAD).id)
    (wrap,) = world.get(KeyService).wraps(hers)
    blob = base64.b64decode(wrap.blob)
    assert pyrage.passphrase.decrypt(blob, PASSPHRASE).decode() == IDENTITY.encode()
    with pytest.raises(pyrage.DecryptError):
        pyrage.passphrase.decrypt(blob, PASSPHRASE + "!")
    assert (wrap.key_id, wrap.kind) == (key.id, WrapKind.PASSPHRASE)


def test_who_opens_the_next_recording(worlds, pair):
    keys = worlds.get(KeyService)
    with pytest.raises(NotReadyToRecord, match="no recovery key"):
        keys.recipients_now()
    key, recovery = ready(worlds, *pair)
    assert keys.recipients_now().members == (key.recipient,)
    assert keys.recipients_now().recovery == recovery.recipient
    keys.retire(key.id, staff_id=pair[1])
    with pytest.raises(NotReadyToRecord, match="make your key"):
        keys.recipients_now()


def test_a_leaver_s_key_is_left_out_at_once(worlds, pair):
    ready(worlds, *pair)
    worlds.get(TeamService).close(pair[0], actor=ACTOR)
    with pytest.raises(NotReadyToRecord):
        worlds.get(KeyService).recipients_now()


def test_a_new_recovery_key_takes_the_older_one_s_place(worlds, pair):
    keys, (_, recovery) = worlds.get(KeyService), ready(worlds, *pair)
    newer = keys.register_recovery(fresh(), threshold=3, shares=5, actor=ACTOR, staff_id=pair[1])
    assert keys.recipients_now().recovery == recovery.recipient
    keys.confirm(newer.id, staff_id=pair[0])
    assert keys.recipients_now().recovery == newer.recipient
    old = next(one for one in keys.all() if one.id == recovery.id)
    assert (old.standing, old.kind) == (Standing.RETIRED, KeyKind.RECOVERY)


def test_ways_in_come_and_go_but_the_last_passphrase_stays(worlds, pair):
    keys, (hers, lead) = worlds.get(KeyService), pair
    key, _ = ready(worlds, hers, lead)
    added = keys.add_wrap(key.id, by_passkey(), staff_id=hers)
    passphrase = keys.wraps(hers)[0]
    with pytest.raises(LastWayIn):
        keys.remove_wrap(key.id, passphrase.id, staff_id=hers)
    keys.remove_wrap(key.id, added.id, staff_id=hers)
    assert [one.id for one in keys.wraps(hers)] == [passphrase.id]
    for act in (
        lambda: keys.add_wrap(key.id, by_passkey(), staff_id=lead),
        lambda: keys.remove_wrap(key.id, passphrase.id, staff_id=lead),
        lambda: keys.own_key(key.id, staff_id=lead),
    ):
        with pytest.raises(KeyUnknown):
            act()
    assert keys.wraps(lead) == []


def test_the_same_key_twice_and_another_kind_are_refused(worlds, pair):
    keys, (hers, lead) = worlds.get(KeyService), pair
    ready(worlds, hers, lead)
    with pytest.raises(KeyKnown):
        keys.register(str(IDENTITY.recipient), [by_passphrase()], staff_id=lead)
    with pytest.raises(KeyRefused, match="cannot be mixed"):
        keys.register(str(new_identity(Kind.HYBRID).recipient), [by_passphrase()], staff_id=lead)
    assert keys.kind() is Kind.X25519


def _age(*stanzas, tail=b"--- M\n" + b"x" * 40):
    return base64.b64encode(b"age-encryption.org/v1\n" + b"".join(stanzas) + tail).decode()


_SCRYPT = b"-> scrypt c2FsdA 18\nYm9keQ\n"
HOSTILE = {
    "no passphrase": [by_passkey()],
    "nothing": [],
    "not base64": [by_passphrase("<script>")],
    "not age": [by_passphrase(base64.b64encode(b"MZ" * 90).decode())],
    "too large": [by_passphrase(_age(_SCRYPT, tail=b"--- M\n" + b"x" * 5000))],
    "to somebody's key beside": [by_passphrase(_age(_SCRYPT, b"-> X25519 c2hhcmU\nYm9keQ\n"))],
    "to somebody's key": [by_passphrase(_age(b"-> X25519 c2hhcmU\nYm9keQ\n"))],
    "cheap to guess": [by_passphrase(_age(b"-> scrypt c2FsdA 1\nYm9keQ\n"))],
    "too dear to open": [by_passphrase(_age(b"-> scrypt c2FsdA 30\nYm9keQ\n"))],
    "a number of another script": [by_passphrase(_age("-> scrypt c2FsdA ١٨\nYm9keQ\n".encode()))],
    "no name": [by_passphrase(name="")],
    "a name that breaks lines": [by_passphrase(name="a\nb")],
    "a passkey's name on a passphrase": [replace(by_passphrase(), passkey="AGE-PLUGIN-FIDO2PRF-1" + "Q" * 40)],
    "a passkey nobody can find": [by_passphrase(), replace(by_passkey(), passkey="")],
    "too many": [by_passphrase()] * 13,
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_blob_that_our_page_does_not_make_is_refused(world, case):
    hers = world.member().id
    with pytest.raises(KeyRefused):
        world.get(KeyService).register(fresh(), HOSTILE[case], staff_id=hers)
    assert world.get(KeyService).all() == []


def mistyped(key: str) -> str:
    """The key with another last letter, whatever letter it ended in."""
    return key[:-1] + ("p" if key[-1] == "q" else "q")


@pytest.mark.parametrize(
    "text",
    ["", "age1", IDENTITY.encode(), mistyped(fresh()), "age1" + "é" * 58, "a" * 5000],
    ids=["empty", "prefix alone", "a secret key", "another checksum", "no base32", "far too long"],
)
def test_what_is_no_public_key_is_refused(world, text):
    with pytest.raises(KeyRefused):
        world.get(KeyService).register(text, [by_passphrase()], staff_id=world.member().id)


def test_words_tell_keys_apart():
    assert words_of("0" * 64) == ("acorn",) * 8
    assert words_of("f" * 64) == ("zinc",) * 8
    assert len({words_of(new_identity(Kind.X25519).recipient.fingerprint) for _ in range(50)}) == 50


def test_no_two_words_differ_in_a_single_letter():
    words = json.loads((ROOT / "static" / "js" / "recordings" / "words.json").read_text())
    assert len(set(words)) == 512
    gaps = {word[:at] + "?" + word[at + 1 :] for word in words for at in range(len(word))}
    assert len(gaps) == sum(map(len, words)), "two words differ in one letter"
    assert not {word[:at] + word[at + 1 :] for word in words for at in range(len(word))} & set(words)
