"""Why an answer was not kept."""


class Closed(Exception):
    """The time for changes is over, or consent does not stand."""
