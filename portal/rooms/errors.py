"""What rooms refuse."""

from datetime import datetime


class TicketRefused(Exception):
    """A ticket does not open this room now. `code` is one of the codes of docs/rooms-protocol.md."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class RoomUnknown(Exception):
    """There is no such room, or it is not this person's: the answer is the same."""


class NothingArranged(Exception):
    """No interview is agreed with her."""


class NotOpen(Exception):
    """It is too early. `opens_at` is when she may come in."""

    def __init__(self, opens_at: datetime) -> None:
        super().__init__("the room is not open yet")
        self.opens_at = opens_at


class RoomOver(Exception):
    """The interview is over."""


class NotConsented(Exception):
    """Consent does not stand, so there is no interview."""


class OfferRefused(Exception):
    """What the browser offered cannot be a call of ours."""


class TooManyStops(Exception):
    """The same person asked to stop in the same room more often than anybody does."""


class MediaAway(Exception):
    """The media process does not answer. Trying again in a moment is right."""


class MediaFull(Exception):
    """The media process takes no more people now."""


class RoomFull(Exception):
    """Four people are in the room already."""


class RoomEnded(Exception):
    """The media process ended the room for all."""


class NoteOverwritten(Exception):
    """The notes were changed elsewhere meanwhile. `text` and `revision` are what is kept."""

    def __init__(self, text: str, revision: int) -> None:
        super().__init__("notes were changed elsewhere")
        self.text = text
        self.revision = revision


class TopicUnknown(Exception):
    """The topic guide has no such topic."""


class GuestRefused(Exception):
    """The guest's link is unknown, too old, or its room is over."""
