"""Consent: what was answered, what it allows now, and what stopped it. Derived from facts, never from a flag."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from portal.canonical import canonical_json, sha256_hex
from portal.study.domain import ConsentForm, Statement, WithdrawalLevel
from portal.study.parts import Effect


class Standing(StrEnum):
    """Where somebody's consent stands."""

    NONE = "none"
    GIVEN = "given"
    OUTDATED = "outdated"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class StatementAnswer:
    """An answer to a statement."""

    agreed: bool
    initials: str = ""


@dataclass(frozen=True)
class Signature:
    """What she signed with: her name as typed, and perhaps a drawing (SVG path data)."""

    name: str
    drawn: str = ""


@dataclass(frozen=True)
class Given:
    """A consent that was recorded."""

    id: int
    reference: str
    participant_id: int
    publication_hash: str
    form_hash: str
    at: datetime
    answers: Mapping[str, bool]
    countersigned_reference: str | None


@dataclass(frozen=True)
class Withdrawn:
    """A withdrawal that was recorded."""

    reference: str
    at: datetime
    chosen: WithdrawalLevel
    """As the study defined it then."""

    @property
    def level(self) -> str:
        """The key of the level."""
        return self.chosen.key

    @property
    def ends_participation(self) -> bool:
        """Whether nothing is left of taking part."""
        return self.chosen.ends_participation


@dataclass(frozen=True)
class ConsentState:
    """A participant's consent, as the facts have it."""

    standing: Standing
    given: Given | None
    withdrawals: tuple[Withdrawn, ...]
    effects: frozenset[Effect]
    """The optional effects allowed now; empty unless consent stands."""

    @property
    def since_given(self) -> tuple[Withdrawn, ...]:
        """What she stopped of the newest consent."""
        return tuple(one for one in self.withdrawals if self.given and one.at >= self.given.at)

    @property
    def stands(self) -> bool:
        """True while the newest form is consented to: what depends on consent may go on."""
        return self.standing is Standing.GIVEN


def effects_of(form: ConsentForm, answers: Mapping[str, bool], stopped: Sequence[WithdrawalLevel]) -> frozenset[Effect]:
    """The effects answered with yes, less what was withdrawn since."""
    allowed = {one.effect for one in form.statements if one.effect and answers.get(one.key)}
    ended = {effect for level in stopped for effect in level.stops}
    return frozenset(allowed - ended)


def fingerprint(answers: Mapping[str, StatementAnswer]) -> str:
    """Tells answers that were looked at from answers that were changed since, in another window perhaps."""
    return sha256_hex(canonical_json({key: [one.agreed, one.initials] for key, one in answers.items()}))


def refused(form: ConsentForm, answers: Mapping[str, StatementAnswer]) -> tuple[Statement, ...]:
    """The mandatory statements that were answered with no."""
    return tuple(
        one for one in form.statements if one.kind == "mandatory" and one.key in answers and not answers[one.key].agreed
    )


def unanswered(form: ConsentForm, answers: Mapping[str, StatementAnswer]) -> tuple[Statement, ...]:
    """The statements that have no answer yet."""
    return tuple(one for one in form.statements if one.key not in answers)
