"""What rooms refuse."""


class TicketRefused(Exception):
    """A ticket does not open this room now. `code` is one of the codes of docs/rooms-protocol.md."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
