"""When the media process looks for what closed connections left behind: nothing is forwarded meanwhile."""

import pytest

from portal.rooms.media.process import COLLECT_AFTER, COLLECT_EVERY, worth_collecting


@pytest.mark.parametrize(
    ("joins", "seconds", "nobody", "worth"),
    [
        (COLLECT_AFTER - 1, 60.0, False, False),
        (COLLECT_AFTER, 5.0, False, True),
        (1, 5.0, True, True),
        (0, 60.0, True, False),
        (0, COLLECT_EVERY, False, True),
    ],
)
def test_it_waits_for_many_or_until_nobody_is_here(joins, seconds, nobody, worth):
    assert worth_collecting(joins, seconds, nobody=nobody) is worth
