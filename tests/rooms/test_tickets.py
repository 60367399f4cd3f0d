"""Tickets: what opens a room, and what does not."""

import dataclasses
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rooms import tickets
from portal.rooms.errors import TicketRefused
from portal.rooms.tickets import Nonces, RecordingTerms, Role, Ticket, issue, read

KEY = b"k" * 48
NOW = 1_800_000_000


def ticket(**changes) -> Ticket:
    plain = Ticket(
        room="r1", person="p1", role=Role.PARTICIPANT, name="Zoë", not_before=NOW, expires=NOW + 60,
        nonce="n1", recording_consent="C-7", recording=RecordingTerms("rec-1", ("age1abc",), "ab12"),
    )  # fmt: skip
    return dataclasses.replace(plain, **changes)


def refusal(text: str, *, room: str = "r1", at: float = NOW, key: bytes = KEY) -> str:
    with pytest.raises(TicketRefused) as refused:
        read(text, key, room=room, at=at)
    return refused.value.code


def test_it_comes_back_as_it_was_issued():
    assert read(issue(ticket(), KEY), KEY, room="r1", at=NOW + 30) == ticket()
    bare = ticket(recording=None, recording_consent=None)
    assert read(issue(bare, KEY), KEY, room="r1", at=NOW) == bare


def test_it_refuses_another_key_another_room_another_time():
    text = issue(ticket(), KEY)
    assert refusal(text, key=b"other" * 10) == "ticket_forged"
    assert refusal(text, room="r2") == "ticket_wrong_room"
    assert refusal(text, at=NOW + 66) == "ticket_expired"
    assert refusal(text, at=NOW - 6) == "ticket_early"


@given(st.text(max_size=300))
def test_it_refuses_any_text(text):
    assert refusal(text) == "ticket_forged"


@given(st.data())
def test_it_refuses_a_ticket_with_one_character_changed(data):
    text = issue(ticket(), KEY)
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("ABCxyz019-_.é ").filter(lambda one: one != text[at]))
    assert refusal(text[:at] + other + text[at + 1 :]) == "ticket_forged"


def test_it_refuses_names_that_could_leave_a_folder():
    for changes in ({"room": "../x"}, {"person": ""}, {"recording": RecordingTerms("a/b", ("age1abc",), "ab12")}):
        with pytest.raises(ValueError, match="is no "):
            issue(ticket(**changes), KEY)
    with pytest.raises(ValueError, match="recipient"):
        issue(ticket(recording=RecordingTerms("rec", (), "ab12")), KEY)


def test_it_opens_once():
    nonces = Nonces()
    nonces.use(ticket(), NOW)
    with pytest.raises(TicketRefused, match="ticket_replayed"):
        nonces.use(ticket(), NOW + 59)
    nonces.use(ticket(nonce="n2"), NOW + 70)
    assert list(nonces._until) == ["n2"]


def test_two_processes_that_start_at_once_agree_on_the_key(tmp_path):
    path, found = tmp_path / "keys" / "rooms.key", []
    threads = [threading.Thread(target=lambda: found.append(tickets.load_or_make_key(path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(found[0]) == 64
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["rooms.key"]
