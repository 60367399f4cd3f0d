"""What can go wrong with the delegation log."""


class DaysReversed(Exception):
    """The last day is before the first."""


class DelegationUnknown(Exception):
    """There is no such entry, or it was ended before."""


class NotDelegable(Exception):
    """The member's account is closed, or her role never has the task."""
