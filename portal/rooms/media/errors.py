"""What the media process refuses."""


class OfferRefused(Exception):
    """The session description is not one that a room can answer. `code` is of docs/rooms-protocol.md."""

    def __init__(self, why: str, code: str = "offer_refused") -> None:
        super().__init__(why)
        self.code = code


class JoinRefused(Exception):
    """The room takes nobody in just now. `code` is of docs/rooms-protocol.md."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
