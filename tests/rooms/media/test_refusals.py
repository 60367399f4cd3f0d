"""What is refused is logged without noise."""

import logging

from portal.rooms.media.refusals import EVERY, Refusals


def test_a_flood_makes_a_line_a_minute_and_each_refusal_is_told(caplog):
    now = [1000.0]
    refusals = Refusals(lambda: now[0])
    with caplog.at_level(logging.WARNING):
        refusals.tell()
        for _ in range(500):
            refusals.request("ticket_forged")
            refusals.command("not_allowed")
        assert caplog.messages == ["refused: ticket_forged 1"]
        now[0] += EVERY
        refusals.tell()
        refusals.tell()
        now[0] += EVERY
        refusals.command("nobody_waits")  # as a page of ours may ask
        refusals.tell()
    assert caplog.messages[1:] == ["refused: not_allowed 500, ticket_forged 499"]
    assert refusals.counts == {"ticket_forged": 500, "not_allowed": 500}
