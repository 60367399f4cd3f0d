"""The data dictionary: every column, what it means, and the same for REDCap.

What programs read, such as names of columns, keys and kinds, is the same in every language.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from markupsafe import escape

from portal.exports.domain import DECLINED, Reader, Variable, Words, csv_line
from portal.sentence import said
from portal.study.domain import Question, Study

REDCAP_HEAD = (
    "Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label",
    "Choices, Calculations, OR Slider Labels", "Field Note", "Text Validation Type OR Show Slider Number",
    "Text Validation Min", "Text Validation Max", "Identifier?", "Branching Logic (Show field only if...)",
    "Required Field?", "Custom Alignment", "Question Number (surveys only)", "Matrix Group Name", "Matrix Ranking?",
    "Field Annotation",
)  # fmt: skip
_EFFECTS = {
    "recording": said("Agrees to recording"),
    "quotes": said("Agrees to quotes without a name"),
    "future_contact": said("May be contacted about later studies"),
    "summary_of_results": said("Wants a summary of the results"),
    "data_sharing": said("Agrees to sharing data with other researchers"),
}
_STATUS: Mapping[str, Words] = {
    "consented": said("In the study"),
    "withdrawn_kept": said("Withdrew; what was told may be kept"),
    "withdrawn_removed": said("Withdrew; what was told is removed"),
}
_DECLINED = said("Prefers not to say")
_KINDS = {
    "text": said("Text"),
    "date": said("Date"),
    "number": said("Number"),
    "year": said("Year"),
    "choice": said("One of these"),
    "yes_no": said("Yes or no"),
}
_HOW_TO_READ = said(
    "Empty means that nothing was asked or answered. A text that a spreadsheet would run as a formula starts with an"
    " apostrophe."
)


def variables(study: Study) -> tuple[Variable, ...]:
    """Every column, in order."""
    sites = {one.key: one.name for one in study.sites}
    groups = {one.key: one.label for one in study.groups}
    levels = {one.key: one.label for one in study.withdrawal.levels}
    facts = (
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
    )
    used = {one.effect for documents in study.documents.values() for one in documents.consent.statements}
    effects = tuple(Variable(f"agrees_{key}", label, "yes_no") for key, label in _EFFECTS.items() if key in used)
    return facts + effects + _questions(study)


def _questions(study: Study) -> tuple[Variable, ...]:
    asked = [(group, one) for group, documents in study.documents.items() for one in documents.questionnaire.questions]
    uses = Counter(one.key for _, one in asked)
    found: list[Variable] = []
    for group, one in asked:
        name = _safe(one.key if uses[one.key] == 1 else f"{group}_{one.key}")
        found += _columns(name, group, one)
    return tuple(found)


def _columns(name: str, group: str, one: Question) -> list[Variable]:
    if one.kind == "multiple":
        return [
            *(
                Variable(
                    f"{name}___{_safe(choice.key)}", one.label, "yes_no",
                    group=group, question=one.key, choice=choice.key, answer=choice.text,
                )
                for choice in one.choices
            ),
            Variable(
                f"{name}___pnts", one.label, "yes_no",
                group=group, question=one.key, choice=DECLINED, answer=_DECLINED,
            ),
        ]  # fmt: skip
    kind = "choice" if one.kind == "single" else one.kind
    choices: dict[str, Words] = {choice.key: choice.text for choice in one.choices}
    if one.kind == "single":
        choices[DECLINED] = _DECLINED
    note = "" if one.kind == "single" else said("%(code)s stands for: prefers not to say", code=DECLINED)
    return [
        Variable(
            name, one.label, kind, choices, group, one.key, minimum=one.minimum, maximum=one.maximum, note=note
        )
    ]  # fmt: skip


def _safe(key: str) -> str:
    """A column's name as REDCap wants it: small letters, digits and underscores, a letter first."""
    name = key.replace("-", "_")
    return name if name[0].isalpha() else f"q_{name}"


def dictionary_csv(columns: tuple[Variable, ...], reader: Reader) -> Iterator[bytes]:
    """The data dictionary as a table."""
    yield csv_line(("variable", "label", "type", "values", "minimum", "maximum", "asked_of", "note"))
    for one in columns:
        values = "; ".join(f"{key} = {reader.tell(text)}" for key, text in _values(one).items())
        meaning, note = ": ".join(_meaning(one, reader)), reader.tell(one.note)
        yield csv_line((one.name, meaning, one.kind, values, one.minimum, one.maximum, one.group, note))


def _meaning(one: Variable, reader: Reader) -> tuple[str, ...]:
    """The question, and the answer if the column stands for one."""
    return tuple(reader.tell(words) for words in (one.label, one.answer) if words)


def _values(one: Variable) -> Mapping[str, Words]:
    return {"1": said("Yes"), "0": said("No")} if one.kind == "yes_no" else one.choices


def redcap_csv(columns: tuple[Variable, ...], reader: Reader) -> Iterator[bytes]:
    """The dictionary in the form that REDCap imports: "Project Setup", "Data Dictionary", "Upload file"."""
    yield csv_line(REDCAP_HEAD)
    done: set[str] = set()
    for one in columns:
        if not one.choice:
            yield csv_line(_redcap(one.name, one, reader))
        elif (base := one.name.partition("___")[0]) not in done:
            done.add(base)
            parts = [two for two in columns if two.name.startswith(f"{base}___")]
            choices = " | ".join(f"{two.name.partition('___')[2]}, {reader.tell(two.answer)}" for two in parts)
            yield csv_line(_redcap(base, one, reader, choices))


def _redcap(name: str, one: Variable, reader: Reader, checkboxes: str = "") -> tuple[str, ...]:
    form = "demographics" if one.question else "participation"
    kind = {"choice": "radio", "yes_no": "yesno"}.get(one.kind, "text")
    texts = [f"{key}, {reader.tell(text)}" for key, text in one.choices.items()]
    choices = " | ".join(texts) if kind == "radio" else ""
    if checkboxes:
        kind, choices = "checkbox", checkboxes
    label, note = reader.tell(one.label), reader.tell(one.note)
    checked = {"date": "date_ymd", "number": "integer", "year": "integer"}.get(one.kind, "")
    logic = f"[group] = '{one.group}'" if one.group else ""
    low, high = (str(edge) if edge is not None and checked == "integer" else "" for edge in (one.minimum, one.maximum))
    return (name, form, "", kind, label, choices, note, checked, low, high, "", logic, "", "", "", "", "", "")


def codebook(study: Study, columns: tuple[Variable, ...], reader: Reader) -> bytes:
    """The dictionary to read, as one HTML page."""
    tell = reader.tell
    rows = []
    for one in columns:
        values = "".join(
            f"<li><code>{escape(key)}</code> {escape(tell(text))}</li>" for key, text in _values(one).items()
        )
        note = f"<p>{escape(tell(one.note))}</p>" if one.note else ""
        kind = f"{escape(tell(_KINDS[one.kind]))}<ul>{values}</ul>{note}"
        meaning = "<br>".join(escape(text) for text in _meaning(one, reader))
        cells = (f"<code>{escape(one.name)}</code>", meaning, kind)
        rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    title = escape(tell(said("Codebook: %(study)s", study=study.short_title)))
    about = escape(tell(said("IRAS ID %(number)s.", number=study.iras_id)))
    heads = "".join(f"<th>{escape(tell(one))}</th>" for one in (said("Column"), said("Meaning"), said("Values")))
    page = (
        f'<!DOCTYPE html><html lang="{escape(reader.language)}" dir="{escape(reader.direction)}"><head>'
        f'<meta charset="utf-8"><title>{title}</title></head><body><h1>{title}</h1>'
        f"<p>{about} {escape(tell(_HOW_TO_READ))}</p>"
        f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></body></html>\n"
    )
    return page.encode("utf-8")
