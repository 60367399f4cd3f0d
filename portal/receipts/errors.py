"""What can go wrong with a receipt. The record itself is never affected."""


class SealFailed(Exception):
    """The receipt could not be rendered, sealed or stored now. A duty tries again."""


class ReceiptUnknown(Exception):
    """No receipt has this reference (yet)."""


class CertificateError(Exception):
    """The sealing certificate cannot be used. The message says why."""
