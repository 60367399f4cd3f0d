"""Why nothing is erased."""


class SecondPersonNeeded(Exception):
    """Whoever asked cannot decide: it takes two."""


class RequestUnknown(Exception):
    """No such request, or it was decided before."""


class DayInFuture(Exception):
    """A milestone is declared once its day has come."""
