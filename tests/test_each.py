"""One that fails holds up no other."""

import pytest

from portal.each import each


def test_all_have_their_turn_and_the_first_fault_is_told():
    seen = []

    def do(number):
        seen.append(number)
        if number in (2, 3):
            raise ValueError(number)
        return number

    with pytest.raises(ValueError, match="2"):
        each([1, 2, 3, 4], do)
    assert seen == [1, 2, 3, 4]
    assert each([1, 4], do) == 5
    assert each([], do) == 0
