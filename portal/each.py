"""Work through many things so that one that fails holds up no other."""

from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


def each(things: Iterable[T], do: Callable[[T], int]) -> int:
    """Do it for each; gives the sum of what that gave.

    Raises what the first that failed raised, once all the others had their turn.
    """
    done, faults = 0, []
    for one in things:
        try:
            done += do(one)
        except Exception as error:  # noqa: BLE001 - raised below
            faults.append(error)
    if faults:
        raise faults[0]
    return done
