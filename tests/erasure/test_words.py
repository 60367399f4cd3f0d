import pytest

from portal.erasure.words import after


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (0, "erases it as soon as this is declared: the end"),
        (1, "erases it 1 day after: the end"),
        (30, "erases it 30 days after: the end"),
        (365, "erases it 1 year after: the end"),
        (730, "erases it 2 years after: the end"),
        (3653, "erases it 10 years after: the end"),
        (3600, "erases it 3600 days after: the end"),
    ],
)
def test_a_period_in_words(world, days, told):
    with world.app.test_request_context():
        assert after(days, "the end") == told
