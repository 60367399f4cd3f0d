"""Check a study against what the HRA asks of content and quality, and against plain English."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from portal.study.domain import ConsentForm, Documents, Study
from portal.study.errors import Problem, StudyFileError
from portal.study.parts import Document
from portal.study.readability import measure
from portal.web.branding import LOWEST_CONTRAST, contrast_with_white

HARDEST_GRADE = {"carer": 7.5}
"""Grade 6 is about age 11. Other groups may read to grade 11."""
_OTHERS = 11.0
_SIGNPOST_AGE = timedelta(days=183)
_CONTENT = {
    "voluntary": (r"do not have to|your choice|up to you|take part\?", "that taking part is voluntary"),
    "withdrawal": (r"change (my|your) mind|stop at any time|withdraw", "how to withdraw"),
    "confidentiality": (r"confidential|private", "confidentiality and its limits"),
    "harm": (r"risk of harm|seriously harmed|serious risk", "when confidentiality must be broken"),
    "data": (r"hra\.nhs\.uk/information-about-patients", "the HRA's transparency wording with its link"),
    "dpo": (r"data protection officer", "the data protection officer"),
    "complaints": (r"complain|unhappy|goes wrong", "how to complain"),
    "review": (r"research ethics committee", "who reviewed the study"),
    "sponsor": (r"sponsor", "who sponsors the study"),
    "results": (r"results", "what happens to the results"),
    "risks": (r"risk|hard about|disadvantage", "risks and burdens"),
    "benefits": (r"benefit|good about", "possible benefits"),
    "recording": (r"record", "recording"),
}
_CLOSED = re.compile(r"(do|does|did|are|were|was|have|has|had|will) (you|she|he|they|it)\b", re.IGNORECASE)
_ACRONYM = re.compile(r"(?<![/\w])[A-Z]{2,6}s?\b(?!/)")
_KNOWN = {"NHS", "UK", "IRAS", "ID", "PDF", "A", "QR", "PANDAS"}


def lint(study: Study, today: date | None = None) -> list[Problem]:
    """Everything worth a second look; only problems of severity "error" stand in the way of publishing."""
    found = list(_signposts(study, today or date.today()))  # noqa: DTZ011 - a day is all that matters here
    found += _colour(study.sponsor.colour)
    found += _twice(study)
    for group, documents in study.documents.items():
        found += _sheet(group, documents.information_sheet)
        found += _consent(group, documents)
        found += _interview(group, documents)
        for document in (documents.information_sheet, documents.privacy, documents.debrief):
            found += _reading(group, document)
            found += _acronyms(group, document)
    return found


def without_errors(study: Study) -> Study:
    """The study, if nothing stands in the way of publishing it. Raises StudyFileError."""
    errors = [one for one in lint(study) if one.severity == "error"]
    if errors:
        raise StudyFileError(errors)
    return study


def _twice(study: Study) -> Iterator[Problem]:
    """Keys within lists that the loader, which looks at one level only, does not see, and the letters of study IDs."""
    parts: list[tuple[str, str, list[str]]] = [
        ("study.yaml", "first letters of study IDs", [one.prefix for one in study.groups]),
        ("study.yaml", "level of withdrawal", [one.key for one in study.withdrawal.levels]),
    ]
    for group, documents in study.documents.items():
        for form in (documents.questionnaire, documents.comprehension):
            for one in form.questions:
                what = f"choice of question {one.key!r}"
                parts.append((f"{group}/{form.document}.yaml", what, [choice.key for choice in one.choices]))
    for file, what, keys in parts:
        for key in sorted({one for one in keys if keys.count(one) > 1}):
            yield Problem(file, 1, f"{what} {key!r} is there twice: give each its own")


def _colour(colour: str) -> Iterator[Problem]:
    contrast = contrast_with_white(colour)
    if contrast < LOWEST_CONTRAST:
        what = (
            f"the sponsor's colour {colour} is too light for white text on it ({contrast:.1f}:1): choose a darker one"
        )
        yield Problem("study.yaml", 1, what)


def _signposts(study: Study, today: date) -> Iterator[Problem]:
    for one in study.signposts:
        if not (one.phone or one.text or one.url):
            yield Problem("study.yaml", 1, f"signpost {one.name!r} has no way to reach it")
        if today - one.last_checked > _SIGNPOST_AGE:
            what = f"signpost {one.name!r} was last checked on {one.last_checked}: check it again"
            yield Problem("study.yaml", 1, what, "warning")


def _sheet(group: str, sheet: Document) -> Iterator[Problem]:
    file = f"{group}/information-sheet.md"
    if sheet.sections[0].key != "summary":
        yield Problem(file, 1, "the first section must be the summary: give it the key {#summary}")
    text = _text(sheet).lower()
    for pattern, what in _CONTENT.values():
        if not re.search(pattern, text):
            yield Problem(file, 1, f"nothing is said about {what}", "warning")
    if measure(sheet.sections[0].body).words > 300:
        yield Problem(file, 1, "the summary is longer than 300 words", "warning")


def _consent(group: str, documents: Documents) -> Iterator[Problem]:
    form: ConsentForm = documents.consent
    file = f"{group}/consent.yaml"
    sheet = documents.information_sheet
    first = form.statements[0].text
    if f"version {sheet.version}" not in first or not re.search(_spoken(sheet.date), first):
        what = f"the first statement must name the sheet's version {sheet.version} and date {_spoken(sheet.date)}"
        yield Problem(file, 1, what)
    for one in form.statements:
        if one.kind == "mandatory" and one.effect:
            yield Problem(file, 1, f"statement {one.key!r} is mandatory, so its effect must not be a choice")
        if one.kind == "optional" and not one.effect:
            yield Problem(file, 1, f"statement {one.key!r} is optional but changes nothing: give it an effect")
    keys = {section.key for section in sheet.sections}
    for question in documents.comprehension.questions:
        if question.section not in keys:
            where = f"{group}/comprehension.yaml"
            yield Problem(
                where, 1, f"question {question.key!r} points to a section {question.section!r} that is not there"
            )
        if question.answer not in {choice.key for choice in question.choices}:
            yield Problem(
                f"{group}/comprehension.yaml", 1, f"the answer of question {question.key!r} is none of its choices"
            )


def _interview(group: str, documents: Documents) -> Iterator[Problem]:
    guide = documents.topic_guide
    if guide is None:
        yield Problem(f"{group}/topic-guide.yaml", 1, "there is no topic guide for the interviewer", "warning")
    if documents.distress_protocol is None:
        yield Problem(f"{group}/distress-protocol.md", 1, "nothing says what to do when somebody is upset", "warning")
    for topic in guide.topics if guide else ():
        if _CLOSED.match(topic.question):
            what = f"topic {topic.key!r} can be answered by yes or no: ask how, what or tell me"
            yield Problem(f"{group}/topic-guide.yaml", 1, what, "warning")


def _reading(group: str, document: Document) -> Iterator[Problem]:
    grade, limit = measure(_text(document)).grade, HARDEST_GRADE.get(group, _OTHERS)
    if grade > limit:
        what = f"hard to read: grade {grade:.1f}, aim for {limit} or below with shorter sentences and words"
        yield Problem(f"{group}/{document.document}.md", 1, what, "warning")


def _acronyms(group: str, document: Document) -> Iterator[Problem]:
    text = _text(document)
    for acronym in sorted({one.removesuffix("s") for one in _ACRONYM.findall(text)} - _KNOWN):
        if not re.search(rf"\([^)]*\b{acronym}\)", text):
            what = f"{acronym} is not spelt out: write it in full, then ({acronym})"
            yield Problem(f"{group}/{document.document}.md", 1, what, "warning")


def _text(document: Document) -> str:
    return "\n\n".join(f"{one.heading}.\n\n{one.body}" for one in document.sections)


def _spoken(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"
