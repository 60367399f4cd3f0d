"""What can go wrong with the team's keys. The messages are meant for the person at the desk."""

from portal.sentence import Sentence


class KeyRefused(Exception):
    """What was sent is no key, or its wrapped copies are not what the page makes."""


class KeyUnknown(Exception):
    """No such key, or none of hers."""


class KeyKnown(Exception):
    """This public key is registered already."""


class SamePerson(Exception):
    """Two people are needed: nobody confirms a key that she made or registered."""


class LastWayIn(Exception):
    """The last passphrase of a key cannot be removed: a passkey alone gets lost."""


class NotReadyToRecord(Exception):
    """The study's keys do not allow a recording yet. The sentence says what to do, in the interviewer's words."""

    def __init__(self, said: Sentence) -> None:
        super().__init__(str(said))
        self.said = said
