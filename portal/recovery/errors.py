"""What can go wrong with a recovery."""


class RecoveryRefused(Exception):
    """The link or the request is unknown, used, refused or too old."""


class SecondPersonNeeded(Exception):
    """Who asked, or whom it is about, cannot agree to it; and one of the two who do must be a lead."""
