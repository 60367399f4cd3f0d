"""What can go wrong where two people are needed."""


class RequestUnknown(Exception):
    """No such request, or it is decided already."""


class AlreadyAsked(Exception):
    """The same is asked for this recording already."""


class SamePerson(Exception):
    """Whoever asks does not decide."""


class RecipientsChanged(Exception):
    """The study's keys are not those that the request names any more."""
