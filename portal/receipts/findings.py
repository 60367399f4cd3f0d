"""What checking a receipt can come to, in a code and in plain English."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from portal.sentence import said


class Reason(StrEnum):
    """What a check came to."""

    WHOLE = "whole"
    TOO_LARGE = "too_large"
    NOT_PDF = "not_pdf"
    ENCRYPTED = "encrypted"
    NOT_SEALED = "not_sealed"
    OTHER_SEAL = "other_seal"
    CHANGED = "changed"
    ADDED_TO = "added_to"
    TRAILING = "trailing"
    NOT_A_RECEIPT = "not_a_receipt"
    RECORD_DIFFERS = "record_differs"
    NOT_IN_LEDGER = "not_in_ledger"


SENTENCES = {
    Reason.WHOLE: said("This receipt is whole: nothing was changed since the organisation sealed it."),
    Reason.TOO_LARGE: said("This file is too large to be a receipt."),
    Reason.NOT_PDF: said("This file is not a PDF."),
    Reason.ENCRYPTED: said("This PDF is locked with a password. Receipts never are."),
    Reason.NOT_SEALED: said("This PDF has no seal that can be read, so it is not a receipt, or its seal was damaged."),
    Reason.OTHER_SEAL: said("This PDF was sealed by somebody else, not with this study’s certificate."),
    Reason.CHANGED: said("This file was changed after it was sealed. Do not rely on it."),
    Reason.ADDED_TO: said("Something was added to this receipt after it was sealed. Do not rely on what it shows."),
    Reason.TRAILING: said("There are extra bytes after the end of this receipt. Ask for a fresh copy."),
    Reason.NOT_A_RECEIPT: said("This file is sealed by the organisation but holds no record, so it is not a receipt."),
    Reason.RECORD_DIFFERS: said("The record inside this file is not the one that the file was made from."),
    Reason.NOT_IN_LEDGER: said("This file carries the study’s seal, but the study has no note of issuing it."),
}
"""What to tell people, in plain English; views translate it."""


@dataclass(frozen=True)
class Said:
    """What a whole receipt says of itself."""

    kind: str
    reference: str
    study: str
    participant: str
    made_at: str
    """ISO 8601 in UTC."""
    sealed_by: str
    stamped_at: datetime | None
    """When an outside service saw the seal; None without one. Whether to trust that service is not judged here."""


@dataclass(frozen=True)
class Verdict:
    """The reason code, the file's SHA-256 (hex), and what the receipt says when its seal is good."""

    reason: Reason
    sha256: str
    said: Said | None = None

    @property
    def whole(self) -> bool:
        """True only for a receipt that is exactly as it was sealed."""
        return self.reason is Reason.WHOLE

    @property
    def sentence(self) -> str:
        """The finding in plain English."""
        return SENTENCES[self.reason].text
