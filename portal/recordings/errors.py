"""What can go wrong with recordings as a whole. age, sinks and manifests have their own errors beside them."""


class RecordingError(Exception):
    """Something about a recording cannot be done. The message says what and holds nothing personal."""


class RecipientsMissing(RecordingError):
    """A recording cannot start: too few keys could open it later."""


class HeadersRefused(RecordingError):
    """New headers do not fit the recording."""


class RecordingUnknown(RecordingError):
    """There is no recording, or no file of a recording, of this name."""


class RecordingDestroyed(RecordingError):
    """The recording was destroyed."""


class VaultError(RecordingError):
    """The vault does not answer, or holds something else than it should."""
