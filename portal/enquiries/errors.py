"""What can go wrong with a message to the team."""


class TooMany(Exception):
    """She has written as often as one may within a day."""
