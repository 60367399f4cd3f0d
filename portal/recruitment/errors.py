"""Why nothing was recorded."""


class ReasonUnknown(Exception):
    """The study has no such reason for this person to give."""


class NothingToTakeBack(Exception):
    """She is not excluded."""
