"""What can go wrong with looking at recordings."""


class NoteRefused(Exception):
    """What was sent is no sealed note."""
