"""How interviews are booked in a study: lengths, notice, limits, reminders."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

_Minutes = Annotated[int, Field(multiple_of=5)]


class BookingRules(BaseModel):
    """What the study decides of its appointments. Minutes are multiples of five, the grain of every calendar here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    minutes: Annotated[_Minutes, Field(ge=5, le=480)] = 60
    """Length of an interview."""
    minutes_by_group: dict[str, Annotated[_Minutes, Field(ge=5, le=480)]] = Field(default_factory=dict)
    """Other lengths, by the group's key."""
    every_minutes: Annotated[_Minutes, Field(ge=5, le=240)] = 30
    """How far apart the starts are that are offered within a window."""
    buffer_minutes: Annotated[_Minutes, Field(ge=0, le=240)] = 15
    """Free time that an interviewer keeps after each interview, unless her own calendar says otherwise."""
    notice_hours: int = Field(default=24, ge=0, le=720)
    """The soonest that a participant can book, from now."""
    horizon_days: int = Field(default=56, ge=1, le=366)
    """How far ahead can be booked."""
    daily_limit: int = Field(default=4, ge=1, le=24)
    """Interviews that an interviewer takes on one day, unless her own calendar says otherwise."""
    interviews: int = Field(default=1, ge=1, le=20)
    """Interviews that one participant has in the whole study."""
    moves: int = Field(default=5, ge=0, le=100)
    """How often a participant can change one booking herself; the team always can."""
    changes_until_hours: int = Field(default=2, ge=0, le=168)
    """Until how long before it a participant can change or cancel by herself."""
    hold_minutes: int = Field(default=10, ge=1, le=60)
    """How long a time is kept for somebody who is confirming it."""
    bank_holidays: Literal["off", "on"] = "off"
    """Whether weekly hours apply on bank holidays of England. A day that is set by itself always counts."""
    phone: bool = True
    """Whether somebody may ask to talk by telephone."""
    reminder_hours: tuple[Annotated[int, Field(ge=1, le=720)], ...] = Field(default=(72, 24), max_length=4)
    """When to remind, in hours before the interview."""
    join_link_minutes: int = Field(default=30, ge=5, le=240)
    """When to send the way in, and to open the door, in minutes before the interview."""
    title: Annotated[str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True)] = "Appointment"
    """What calendars show. It should say nothing of health, the study or the sponsor: others may see it."""

    @model_validator(mode="after")
    def _reminders_differ(self) -> "BookingRules":
        if len(set(self.reminder_hours)) != len(self.reminder_hours):
            raise ValueError("reminder_hours names the same hour twice")
        return self

    def length(self, group: str) -> int:
        """Minutes of an interview with somebody of the group."""
        return self.minutes_by_group.get(group, self.minutes)
