"""The columns of the data, made of every version of the study that was ever published.

What a later version took out keeps its column, since answers to it were given under an earlier one. A column keeps its
name, too: names are given in the order in which the versions came.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from portal.exports.domain import DECLINED, Variable, Words
from portal.exports.editions import Edition, numbers
from portal.sentence import said
from portal.study.domain import Documents, Question, Statement
from portal.study.parts import Version

_EFFECTS: Mapping[str, Words] = {
    "recording": said("Agrees to recording"),
    "quotes": said("Agrees to quotes without a name"),
    "future_contact": said("May be contacted about later studies"),
    "summary_of_results": said("Wants a summary of the results"),
    "data_sharing": said("Agrees to sharing data with other researchers"),
}
_STATUS: Mapping[str, Words] = {
    "consented": said("In the study"),
    "reconsent": said("In the study; a newer consent form waits for an answer"),
    "withdrawn_kept": said("Withdrew; what was told may be kept"),
    "withdrawn_removed": said("Withdrew; what was told is removed"),
}
T = TypeVar("T", Question, Statement)
_DECLINED = said("Prefers not to say")
_NOW = said("As it stands now: no after a withdrawal, and while a newer consent form waits for an answer.")
_THEN = said(
    "As answered in the newest consent that asked; later withdrawals and newer consent forms change nothing here."
)


@dataclass
class Asked(Generic[T]):
    """A question or a statement of a group through the versions, newest last."""

    group: str
    key: str
    versions: list[int] = field(default_factory=list)
    forms: list[str] = field(default_factory=list)
    """Hash of the questionnaire or the consent form, one for each version."""
    seen: list[T] = field(default_factory=list)
    name: str = ""

    def add(self, version: int, form: str, one: T) -> None:
        """As a version asks it."""
        self.versions.append(version)
        self.forms.append(form)
        self.seen.append(one)

    @property
    def newest(self) -> T:
        """As the last version had it."""
        return self.seen[-1]


def variables(known: Sequence[Edition]) -> tuple[Variable, ...]:
    """Every column, in order: facts, consent, questions; those of the newest version before those that it lacks."""
    facts = _facts(known)
    effects = tuple(_effects(known))
    names = _Names({one.name for one in facts} | {f"agrees_{effect}" for effect in _EFFECTS})
    statements, questions = _statements(known, names), _questions(known, names)
    last = known[-1].number
    said_yes_to = [two for one in _sorted(statements, last) for two in _statement_columns(one)]
    answered = [two for one in _sorted(questions, last) for two in _question_columns(one)]
    return (*facts, *effects, *said_yes_to, *answered)


def _facts(known: Sequence[Edition]) -> tuple[Variable, ...]:
    sites = _named(known, lambda one: [(site.key, site.name) for site in one.study.sites])
    groups = _named(known, lambda one: [(group.key, group.label) for group in one.study.groups])
    levels = _named(known, lambda one: [(level.key, level.label) for level in one.study.withdrawal.levels])
    return (
        Variable("study_id", said("Study ID"), "text"),
        Variable("group", said("Group"), "choice", groups),
        Variable("site", said("Site"), "choice", sites),
        Variable("status", said("Where the participant is in the study"), "choice", _STATUS),
        Variable("consented_on", said("Day of the newest consent"), "date"),
        Variable("form_version", said("Version of the consent form"), "text"),
        Variable("sheet_version", said("Version of the information sheet"), "text"),
        Variable("countersigned_on", said("Day of the countersignature"), "date"),
        Variable("withdrawn_on", said("Day of the newest withdrawal"), "date"),
        Variable("withdrawal_level", said("What was withdrawn from"), "choice", levels),
        Variable("questionnaire_version", said("Versions of the questionnaire that the answers were given to"), "text"),
    )


def _effects(known: Sequence[Edition]) -> Iterator[Variable]:
    used: dict[str, list[int]] = {}
    for one in known:
        for documents in one.study.documents.values():
            for statement in documents.consent.statements:
                used.setdefault(statement.effect or "", []).append(one.number)
    for effect, label in _EFFECTS.items():
        if effect in used:
            yield Variable(
                f"agrees_{effect}", label, "yes_no", effect=effect, notes=(_NOW,), versions=numbers(used[effect])
            )


class _Names:
    """Names of columns as REDCap wants them (small letters, digits and underscores, a letter first), each used once."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)

    def give(self, fresh: Sequence[Asked[T]], prefix: str = "") -> None:
        """Name what a version asked for the first time. The group is named where two groups are asked the same."""
        uses = Counter(one.key for one in fresh)
        for one in fresh:
            plain, longer = _safe(f"{prefix}{one.key}"), _safe(f"{prefix}{one.group}_{one.key}")
            wanted = plain if uses[one.key] == 1 and plain not in self._taken else longer
            one.name = _unused(wanted, self._taken)
            self._taken.add(one.name)


def _safe(key: str) -> str:
    """Never more than one underscore in a row, since three stand before a choice."""
    name = re.sub("_+", "_", key.replace("-", "_")).strip("_")
    return name if name[:1].isalpha() else f"q_{name}"


def _unused(wanted: str, taken: Iterable[str]) -> str:
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted}_{number}"
    return name


def _statements(known: Sequence[Edition], names: _Names) -> list[Asked[Statement]]:
    return _followed(known, names, lambda one: (one.consent, one.consent.statements), lambda _: "", "statement_")


def _questions(known: Sequence[Edition], names: _Names) -> list[Asked[Question]]:
    """A question that comes back as another kind, such as a number after a choice, has a column of its own."""
    return _followed(known, names, lambda one: (one.questionnaire, one.questionnaire.questions), lambda one: one.kind)


def _followed(
    known: Sequence[Edition], names: _Names, form_of: Callable[[Documents], tuple[Version, Sequence[T]]],
    kind: Callable[[T], str], prefix: str = "",
) -> list[Asked[T]]:  # fmt: skip
    """What a form asks each group, through the versions: as long as key and kind stay, it is the same."""
    found: dict[tuple[str, str, str], Asked[T]] = {}
    for edition in known:
        fresh: list[Asked[T]] = []
        for group, documents in edition.study.documents.items():
            form, asked = form_of(documents)
            digest = form.content_hash
            for one in asked:
                identity = (group, one.key, kind(one))
                if identity not in found:
                    fresh.append(found.setdefault(identity, Asked(group, one.key)))
                found[identity].add(edition.number, digest, one)
        names.give(fresh, prefix)
    return list(found.values())


def _sorted(asked: Iterable[Asked[T]], last: int) -> list[Asked[T]]:
    """What the newest version asks, in its order of groups; then the rest, as it came."""
    return sorted(asked, key=lambda one: one.versions[-1] != last)


def _statement_columns(one: Asked[Statement]) -> Iterator[Variable]:
    wordings = list(zip(one.versions, (two.text for two in one.seen), strict=True))
    yield Variable(
        one.name, one.newest.text, "yes_no", group=one.group, statement=one.key, forms=frozenset(one.forms),
        versions=numbers(one.versions), notes=(_THEN, *_earlier(wordings)),
    )  # fmt: skip


def _question_columns(one: Asked[Question]) -> Iterator[Variable]:
    notes = tuple(_earlier(list(zip(one.versions, (two.label for two in one.seen), strict=True))))
    if one.newest.kind == "multiple":
        yield from _choice_columns(one, notes)
        return
    if one.newest.kind != "single":
        notes = (said("%(code)s stands for: prefers not to say", code=DECLINED), *notes)
    low, high = [two.minimum for two in one.seen], [two.maximum for two in one.seen]
    yield Variable(
        one.name, one.newest.label, "choice" if one.newest.kind == "single" else one.newest.kind, _choices(one),
        one.group, question=one.key, forms=frozenset(one.forms), versions=numbers(one.versions), notes=notes,
        minimum=None if None in low else min(edge for edge in low if edge is not None),
        maximum=None if None in high else max(edge for edge in high if edge is not None),
    )  # fmt: skip


def _choices(one: Asked[Question]) -> dict[str, Words]:
    if one.newest.kind != "single":
        return {}
    found = {key: _through(texts, one.versions) for key, texts in _offered(one).items()}
    return {**found, DECLINED: _DECLINED}


def _choice_columns(one: Asked[Question], notes: tuple[Words, ...]) -> Iterator[Variable]:
    """A column for each answer that was ever offered, and one for the wish not to say."""
    taken = {"pnts"}
    for key, texts in _offered(one).items():
        code = _unused(_safe(key), taken)
        taken.add(code)
        versions = [version for version, _ in texts]
        forms = frozenset(form for version, form in zip(one.versions, one.forms, strict=True) if version in versions)
        yield Variable(
            f"{one.name}___{code}", one.newest.label, "yes_no", group=one.group, question=one.key, choice=key,
            answer=_through(texts, one.versions), forms=forms, versions=numbers(versions), notes=notes,
        )  # fmt: skip
    yield Variable(
        f"{one.name}___pnts", one.newest.label, "yes_no", group=one.group, question=one.key, choice=DECLINED,
        answer=_DECLINED, forms=frozenset(one.forms), versions=numbers(one.versions), notes=notes,
    )  # fmt: skip


def _offered(one: Asked[Question]) -> dict[str, list[tuple[int, str]]]:
    """Each answer that was ever offered, with the versions and how it read there; the newest version's first."""
    found: dict[str, list[tuple[int, str]]] = {choice.key: [] for choice in one.newest.choices}
    for version, asked in zip(one.versions, one.seen, strict=True):
        for choice in asked.choices:
            found.setdefault(choice.key, []).append((version, choice.text))
    return found


def _through(texts: Sequence[tuple[int, str]], versions: Sequence[int]) -> Words:
    """How an answer reads, and where it was offered or read differently."""
    newest = texts[-1][1]
    versions_of_newest = numbers(version for version, text in texts if text == newest)
    earlier = " / ".join(f"{version}: {text}" for version, text in texts if text != newest)
    if earlier:
        return said(
            "%(text)s (in version %(versions)s; before: %(earlier)s)", text=newest, versions=versions_of_newest,
            earlier=earlier,
        )  # fmt: skip
    if len(texts) == len(versions):
        return newest
    return said("%(text)s (in version %(versions)s)", text=newest, versions=versions_of_newest)


def _earlier(wordings: Sequence[tuple[int, str]]) -> Iterator[Words]:
    """Every wording that is not the newest."""
    newest, found = wordings[-1][1], dict[str, list[int]]()
    for version, text in wordings:
        if text != newest:
            found.setdefault(text, []).append(version)
    for text, versions in found.items():
        yield said("In version %(versions)s it read: %(text)s", versions=numbers(versions), text=text)


def _named(known: Sequence[Edition], of: Callable[[Edition], Iterable[tuple[str, str]]]) -> dict[str, Words]:
    """Keys with their names, the newest version's first; what it lacks is marked with the versions that had it."""
    found: dict[str, list[tuple[int, str]]] = {key: [] for key, _ in of(known[-1])}
    for edition in known:
        for key, name in of(edition):
            found.setdefault(key, []).append((edition.number, name))
    return {key: _through(texts, [one.number for one in known]) for key, texts in found.items()}
