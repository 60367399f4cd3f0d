"""Kinds of personal data, by how long each is kept. Plain data, so that domains may name them."""

from enum import StrEnum


class DataKind(StrEnum):
    """What a participant's keys are apart for: destroying one leaves the others readable."""

    CONTACT = "contact"
    """How to reach her, and what she wrote to the team."""
    ANSWERS = "answers"
    """What she told the study in writing, and what the team noted about her."""
    CONSENT = "consent"
    """Her name, drawing and initials under a consent, the conversation about it, and the receipts."""
    RECORDINGS = "recordings"
    """Media and written copies. They are files that only the team's own keys open, so they are removed, not unkeyed."""
