"""Why an answer was not kept."""


class Closed(Exception):
    """The time for changes is over, or consent does not stand."""


class ErasureWaits(Exception):
    """What she asked to be removed is not removed yet, and what she answers before it is would be removed too."""
