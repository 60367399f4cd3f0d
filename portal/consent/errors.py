"""Why a consent was not recorded. Nothing is half recorded."""


class NotReady(Exception):
    """A statement has no answer yet."""


class MandatoryRefused(Exception):
    """A mandatory statement was answered with no: she does not take part, and that is fine."""


class FormChanged(Exception):
    """A newer form was published while she answered; she is shown what changed."""


class AnswersChanged(Exception):
    """Her answers are not those that she looked at before she signed: she changed some in another window."""


class TooSoon(Exception):
    """The REC asked for a reading time that is not over yet. `ready_at` says when it is."""

    def __init__(self, ready_at: object) -> None:
        super().__init__("the reading time is not over yet")
        self.ready_at = ready_at


class ErasureWaits(Exception):
    """What she asked to be removed is not removed yet, and what she answers before it is would be removed too."""


class NoConsent(Exception):
    """There is no consent to act on."""


class AlreadyCountersigned(Exception):
    """Somebody countersigned this consent before."""


class LevelUnknown(Exception):
    """The study has no such level of withdrawal."""
