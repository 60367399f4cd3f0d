"""Answers: what may be given to a question, and how it reads."""

from dataclasses import dataclass
from datetime import datetime

from portal.study.domain import Question

LONGEST = 500


@dataclass(frozen=True)
class Value:
    """An answer: choices or a text, or that she prefers not to say."""

    given: tuple[str, ...] = ()
    declined: bool = False


@dataclass(frozen=True)
class Answer:
    """A value, and the hash of the questionnaire that it was given to."""

    value: Value
    form: str


@dataclass(frozen=True)
class Given:
    """An answer as it was given: the question in the words of then, and the version of the questionnaire."""

    question: Question
    value: Value
    at: datetime
    version: str


class ValueRefused(ValueError):
    """The answer does not fit the question."""


def check(question: Question, value: Value) -> None:
    """Raises ValueRefused unless the value fits the question."""
    if value.declined:
        return
    if question.choices:
        known = {choice.key for choice in question.choices}
        if not value.given or not set(value.given) <= known or (question.kind == "single" and len(value.given) != 1):
            raise ValueRefused("choose from the list")
        return
    if len(value.given) != 1 or not value.given[0] or len(value.given[0]) > LONGEST:
        raise ValueRefused("write an answer")
    if question.kind in ("number", "year"):
        _check_number(question, value.given[0])


def fits(question: Question, value: Value) -> bool:
    """Whether the value could be given to the question."""
    try:
        check(question, value)
    except ValueRefused:
        return False
    return True


def _check_number(question: Question, text: str) -> None:
    if not (text.isascii() and text.isdecimal() and len(text) <= 6):
        raise ValueRefused("use digits only")
    number = int(text)
    if (question.minimum is not None and number < question.minimum) or (
        question.maximum is not None and number > question.maximum
    ):
        raise ValueRefused(f"use a number from {question.minimum} to {question.maximum}")


def readable(question: Question, value: Value) -> str:
    """The answer in the questionnaire's words; empty when declined."""
    names = {choice.key: choice.text for choice in question.choices}
    return ", ".join(names.get(one, one) for one in value.given)
