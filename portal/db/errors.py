"""What can go wrong below every feature."""


class StorageUnavailable(Exception):
    """The database is locked, full or gone. Nothing of the failed transaction was kept; trying again later is right."""


class KeyringError(Exception):
    """A key is missing or a sealed value cannot be opened. The message says which."""


class SnapshotFailed(Exception):
    """The database could not be copied or put back. The message says why and what to do."""
