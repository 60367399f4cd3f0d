"""A study from its folder of files. Every problem is found in one go, with file, line and what to do."""

import difflib
import re
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from portal.study.domain import (
    ComprehensionCheck,
    ConsentForm,
    Documents,
    Questionnaire,
    Study,
)
from portal.study.errors import Problem, StudyFileError
from portal.study.interview import TopicGuide
from portal.study.logo import put_in
from portal.study.parts import Document, Frozen
from portal.study.yaml_nodes import LARGEST, Parsed, parse

Model = TypeVar("Model", bound=Frozen)
_HEADING = re.compile(r"^## +(?P<heading>.+?) *\{#(?P<key>[a-z][a-z0-9_-]*)\} *$")
_FILES: dict[str, tuple[str, type[Frozen]]] = {
    "information_sheet": ("information-sheet.md", Document),
    "privacy": ("privacy.md", Document),
    "debrief": ("debrief.md", Document),
    "consent": ("consent.yaml", ConsentForm),
    "comprehension": ("comprehension.yaml", ComprehensionCheck),
    "questionnaire": ("questionnaire.yaml", Questionnaire),
    "topic_guide": ("topic-guide.yaml", TopicGuide),
    "distress_protocol": ("distress-protocol.md", Document),
}
_MAY_BE_MISSING = {"topic_guide", "distress_protocol"}


def load(folder: Path) -> Study:
    """Read the study in the folder.

    Raises:
        StudyFileError: with every problem found.
    """
    problems: list[Problem] = []
    try:
        main = parse("study.yaml", _read(folder, "study.yaml"))
        put_in(folder, main)
    except StudyFileError as error:
        raise StudyFileError(error.problems) from error
    groups = main.value.get("groups")
    keys = [str(one.get("key")) for one in groups if isinstance(one, dict)] if isinstance(groups, list) else []
    documents = {}
    for key in keys:
        if re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", key):
            documents[key] = _documents(folder, key, problems)
    if problems:
        _build(Study, main, "study.yaml", problems, documents={})
        raise StudyFileError([one for one in problems if "folders of documents differ" not in one.what])
    study = _build(Study, main, "study.yaml", problems, documents=documents)
    if study is None:
        raise StudyFileError(problems)
    return study


def _documents(folder: Path, group: str, problems: list[Problem]) -> Documents | None:
    found: dict[str, Frozen] = {}
    wanted = {
        name: one for name, one in _FILES.items() if name not in _MAY_BE_MISSING or (folder / group / one[0]).exists()
    }
    for name, (file, model) in wanted.items():
        where = f"{group}/{file}"
        try:
            text = _read(folder, where)
            parsed = _markdown(where, text) if file.endswith(".md") else parse(where, text)
        except StudyFileError as error:
            problems.extend(error.problems)
            continue
        made = _build(model, parsed, where, problems)
        if made is not None:
            found[name] = made
    return Documents(**found) if len(found) == len(wanted) else None  # type: ignore[arg-type]


def _read(folder: Path, name: str) -> str:
    path = folder / name
    try:
        if path.stat().st_size > 4 * LARGEST:
            raise StudyFileError([Problem(name, 1, "the file is far too large")])
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise StudyFileError([Problem(name, 1, "this file is missing")]) from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise StudyFileError([Problem(name, line, "a character is not UTF-8: save the file as UTF-8")]) from error
    except OSError as error:
        raise StudyFileError([Problem(name, 1, f"cannot be read: {error.strerror}")]) from error


def _markdown(file: str, text: str) -> Parsed:
    lines = text.split("\n")
    if lines[0].strip() != "---" or "---" not in [line.strip() for line in lines[1:]]:
        raise StudyFileError(
            [Problem(file, 1, "start with front matter: document, version, date… between two lines ---")]
        )
    end = next(at for at, line in enumerate(lines[1:], 1) if line.strip() == "---")
    front = parse(file, "\n".join(lines[1:end]), first_line=2)
    sections: list[dict[str, object]] = []
    for number, line in enumerate(lines[end + 1 :], end + 2):
        heading = _HEADING.match(line)
        if heading:
            front.lines["sections", len(sections)] = number
            sections.append({"key": heading["key"], "heading": heading["heading"], "body": ""})
        elif line.startswith(("## ", "# ")):
            raise StudyFileError(
                [Problem(file, number, "write headings as `## Heading {#short-key}`, with a key in braces")]
            )
        elif sections:
            sections[-1]["body"] = f"{sections[-1]['body']}{line}\n"
        elif line.strip():
            raise StudyFileError([Problem(file, number, "text must stand under a heading `## Heading {#key}`")])
    for section in sections:
        section["body"] = str(section["body"]).strip()
    return Parsed({**front.value, "sections": sections}, front.lines)


def _build(model: type[Model], parsed: Parsed, file: str, problems: list[Problem], **more: object) -> Model | None:
    try:
        made = model(**{**parsed.value, **more})
    except ValidationError as error:
        problems.extend(Problem(file, parsed.line(one["loc"]), _say(one, model)) for one in error.errors())
        return None
    problems.extend(_repeated(made, parsed, file))
    return made


def _say(error: ErrorDetails, model: type[Frozen]) -> str:
    name = ".".join(str(part) for part in error["loc"])
    if error["type"] == "missing":
        return f"{name} is missing: add it"
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(error["loc"][-1]), model.model_fields, n=1)
        return f"{name} is not known here" + (f"; did you mean {near[0]}?" if near else ": remove it")
    return (
        f"{name}: {error['msg'].removeprefix('Value error, ')}" if name else error["msg"].removeprefix("Value error, ")
    )


def _repeated(made: Frozen, parsed: Parsed, file: str) -> list[Problem]:
    """Keys must be unique in each list, since answers are kept by them."""
    found = []
    for name in ("sections", "statements", "questions", "topics", "sites", "groups"):
        seen: set[str] = set()
        for at, part in enumerate(getattr(made, name, ())):
            if part.key in seen:
                found.append(Problem(file, parsed.line((name, at)), f"the key {part.key!r} is used twice"))
            seen.add(part.key)
    return found
