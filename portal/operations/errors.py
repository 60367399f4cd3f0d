"""What can go wrong with backups. Each message says what and what to do, and holds nothing personal."""


class BackupError(Exception):
    """A backup could not be made or put back."""


class NoRecipient(BackupError):
    """There is no key to encrypt the backup to."""


class BackupRuns(BackupError):
    """Another backup is being made or put back."""


class BackupDamaged(BackupError):
    """A file of the backup is missing, cut or altered."""


class BackupForeign(BackupError):
    """The key given does not open this backup, or the folder is no backup."""


class InstanceInUse(BackupError):
    """There is a portal already where the backup was to be put back."""


class RestoreCutOff(BackupError):
    """What is there was left by a restore that did not come to its end."""
