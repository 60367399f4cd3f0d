"""Theoretical sampling: who has been heard, by the attributes that the study chose, and who could be heard next."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from portal.demographics.domain import Value
from portal.study.domain import Question, Study

UNKNOWN = ""
"""Counts those who were not asked, have not answered, or prefer not to say."""


@dataclass(frozen=True)
class Attribute:
    """A question by which the team looks at people, and a group that is asked it."""

    group: str
    question: Question


@dataclass(frozen=True)
class Cell:
    """One answer: how many who gave it were heard, and how many more could be."""

    label: str
    heard: int
    waiting: int

    @property
    def unheard(self) -> bool:
        """Nobody who gave this answer was heard yet."""
        return self.heard == 0


@dataclass(frozen=True)
class Table:
    """An attribute's answers."""

    attribute: Attribute
    cells: tuple[Cell, ...]


Answers = Mapping[str, Value]


def attributes(study: Study) -> tuple[Attribute, ...]:
    """The study's attributes, by group; questions with a list of answers only."""
    return tuple(
        Attribute(group, question)
        for group, documents in study.documents.items()
        for question in documents.questionnaire.questions
        if question.key in study.recruitment.sampling and question.choices
    )


def tables(
    chosen: Iterable[Attribute], heard: Mapping[str, Iterable[Answers]], waiting: Mapping[str, Iterable[Answers]]
) -> tuple[Table, ...]:
    """Count the answers.

    Args:
        heard, waiting: by group, the answers of those who were interviewed, and of those in the study who were not yet.
    """
    return tuple(_table(one, heard.get(one.group, ()), waiting.get(one.group, ())) for one in chosen)


def _table(one: Attribute, heard: Iterable[Answers], waiting: Iterable[Answers]) -> Table:
    names = {choice.key: choice.text for choice in one.question.choices}
    counts = _counted(one.question.key, heard), _counted(one.question.key, waiting)
    cells = tuple(Cell(label, counts[0][key], counts[1][key]) for key, label in {**names, UNKNOWN: ""}.items())
    return Table(one, cells)


def _counted(key: str, people: Iterable[Answers]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for answers in people:
        value = answers.get(key)
        for given in value.given if value and value.given else (UNKNOWN,):
            counts[given] += 1
    return counts
