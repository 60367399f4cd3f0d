"""What can go wrong with receipts."""


class ReceiptError(Exception):
    """Something about a receipt cannot be done. The message says what and holds nothing personal."""


class SealFailed(ReceiptError):
    """The receipt was not made; nothing was kept. What it stands for is untouched, and trying again later is right."""


class SealKeyUnavailable(SealFailed):
    """The organisation's key or certificate is missing, unreadable or no longer valid."""


class UnknownReceipt(ReceiptError):
    """No receipt of this kind has this reference."""


class InvalidRecord(ValueError):
    """The record cannot stand: the message says which part of it."""
