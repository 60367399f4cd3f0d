"""A password of nobody's takes as long to check as one of somebody's, and no time to make."""

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError

from portal.team.factors import Passwords
from tests.support.world import FAST

OTHER = PasswordHasher(time_cost=2, memory_cost=64, parallelism=2, hash_len=24, salt_len=12)


class Watched(PasswordHasher):
    """Tells what it was asked."""

    def __init__(self, like):
        super().__init__(like.time_cost, like.memory_cost, like.parallelism, like.hash_len, like.salt_len)
        self.hashed, self.refused = [], []

    def hash(self, password, **more):
        self.hashed.append(password)
        return super().hash(password, **more)

    def verify(self, hashed, password):
        try:
            return super().verify(hashed, password)
        except VerifyMismatchError:
            self.refused.append(hashed)
            raise


@pytest.mark.parametrize("like", [FAST, OTHER, PasswordHasher()])
def test_who_is_unknown_costs_what_somebody_known_does(like):
    hasher = Watched(like)
    passwords = Passwords(hasher)
    assert hasher.hashed == []
    somebody = passwords.hash("four words are plenty")
    assert not passwords.right(None, "four words are plenty")
    assert not passwords.right(somebody, "four other words")
    nobody, known = hasher.refused  # a mismatch is found by computing; what is no hash would be refused at once
    assert extract_parameters(nobody) == extract_parameters(known)
    assert len(nobody) == len(known)
    assert passwords.right(somebody, "four words are plenty")


def test_each_process_has_a_nobody_of_its_own():
    assert Passwords(FAST)._nobody != Passwords(FAST)._nobody
