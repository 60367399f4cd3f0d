"""Whom a study wants to hear, why people do not take part, and how the team sees who has been heard."""

from typing import Literal

from pydantic import Field

from portal.study.parts import Frozen, GroupKey, Key, Text


class Target(Frozen):
    """How many people of a group a site means to interview."""

    site: Key
    group: GroupKey
    people: int = Field(ge=1, le=100_000)


class Reason(Frozen):
    """Why somebody does not take part, as it stands in the flow of participants."""

    key: Key
    label: Text
    given_by: Literal["participant", "team"]
    """A participant may choose one when she says no; the team records the others at screening."""


DEFAULT_REASONS = (
    Reason(key="no-time", label="I do not have the time", given_by="participant"),
    Reason(key="not-now", label="It is not a good time for me", given_by="participant"),
    Reason(key="recording", label="I do not want to be recorded", given_by="participant"),
    Reason(key="topic", label="I would rather not talk about this", given_by="participant"),
    Reason(key="other", label="Something else", given_by="participant"),
    Reason(key="not-eligible", label="Does not fit the inclusion criteria", given_by="team"),
    Reason(key="no-contact", label="Could not be reached", given_by="team"),
    Reason(key="unwell", label="Too unwell to take part now", given_by="team"),
    Reason(key="not-able", label="Not able to consent", given_by="team"),
    Reason(key="told-us-no", label="Told us that they do not want to", given_by="team"),
)


class Recruitment(Frozen):
    """What the study plans for recruitment."""

    targets: tuple[Target, ...] = ()
    reasons: tuple[Reason, ...] = DEFAULT_REASONS
    sampling: tuple[Key, ...] = ()
    """Keys of questionnaire questions by which the team looks at who has been heard (theoretical sampling)."""

    def target(self, site: str, group: str) -> int | None:
        """How many people of the group the site means to interview, if the study says so."""
        return next((one.people for one in self.targets if (one.site, one.group) == (site, group)), None)

    def reasons_of(self, who: str) -> tuple[Reason, ...]:
        """The reasons that a participant, or the team, may give."""
        return tuple(one for one in self.reasons if one.given_by == who)

    def label(self, key: str) -> str:
        """The reason's words; its key if a newer version of the study no longer has it."""
        return next((one.label for one in self.reasons if one.key == key), key)
