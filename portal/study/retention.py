"""How long a study keeps what: a sentence for people, and a rule that the portal carries out."""

from typing import Literal

from pydantic import Field

from portal.db.kinds import DataKind
from portal.study.parts import Frozen, Text

Milestone = Literal["study_end", "results_sent"]
"""A day that two members of the team declare; periods count from it."""


class Keep(Frozen):
    """The rule: data of this kind is erased so many days after the milestone."""

    kind: DataKind
    after: Milestone
    days: int = Field(ge=0, le=36_525)


class Retention(Frozen):
    """How long something is kept."""

    what: Text
    period: Text
    """For the participant to read."""
    keep: tuple[Keep, ...] = ()
    """What the portal does by itself. Without a rule somebody has to do it by hand."""
