"""The interview as the study has it: what is asked, and how the room is run."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from portal.study.parts import Frozen, Key, Text, Version


class Topic(Frozen):
    """One thing to talk about. The question is asked in the interviewer's own words."""

    key: Key
    title: Annotated[str, StringConstraints(min_length=1, max_length=80, strip_whitespace=True)]
    question: Text
    prompts: tuple[Text, ...] = ()
    """Asked only if she does not come to it by herself."""
    minutes: int | None = Field(default=None, ge=1, le=120)


class TopicGuide(Version):
    """What a semi-structured interview touches, in the usual order."""

    intro: Text
    topics: tuple[Topic, ...] = Field(min_length=1)

    @property
    def minutes(self) -> int:
        """How long it takes where every topic has its time; 0 if none has one."""
        return sum(one.minutes or 0 for one in self.topics)


class InterviewRoom(Frozen):
    """How the interview room is run."""

    opens_minutes_before: int = Field(default=30, ge=0, le=240)
    """From when before the agreed time somebody may come in."""
    closes_hours_after: int = Field(default=4, ge=1, le=24)
    """Until when after the agreed time the link works."""
    display_name: Literal["study_id", "chosen"] = "chosen"
    """What others in the room read: always the study ID, or a name that the participant chooses herself."""
    relay_only: bool = False
    """Send everything through the relay, so that nobody's browser learns another's address."""
    fallback_phone: Annotated[str, StringConstraints(max_length=40, strip_whitespace=True)] = ""
    """A number to ring when the technology fails."""
    longest_minutes: int = Field(default=90, ge=10, le=480)
    """How long an interview may take; the interviewer is told when it is over."""
