"""The data dictionary: every column, what it means, and the same for REDCap."""

from collections import Counter
from collections.abc import Iterator, Mapping

from markupsafe import escape

from portal.exports.domain import DECLINED, Variable, csv_line
from portal.study.domain import Question, Study

REDCAP_HEAD = (
    "Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label",
    "Choices, Calculations, OR Slider Labels", "Field Note", "Text Validation Type OR Show Slider Number",
    "Text Validation Min", "Text Validation Max", "Identifier?", "Branching Logic (Show field only if...)",
    "Required Field?", "Custom Alignment", "Question Number (surveys only)", "Matrix Group Name", "Matrix Ranking?",
    "Field Annotation",
)  # fmt: skip
_EFFECTS = {
    "recording": "Agrees to recording",
    "quotes": "Agrees to quotes without a name",
    "future_contact": "May be contacted about later studies",
    "summary_of_results": "Wants a summary of the results",
    "data_sharing": "Agrees to sharing data with other researchers",
}


def variables(study: Study) -> tuple[Variable, ...]:
    """Every column, in order."""
    sites = {one.key: one.name for one in study.sites}
    groups = {one.key: one.label for one in study.groups}
    levels = {one.key: one.label for one in study.withdrawal.levels}
    facts = (
        Variable("study_id", "Study ID", "text"),
        Variable("group", "Group", "choice", groups),
        Variable("site", "Site", "choice", sites),
        Variable("status", "Where the participant is in the study", "choice", _STATUS),
        Variable("consented_on", "Day of the newest consent", "date"),
        Variable("form_version", "Version of the consent form", "text"),
        Variable("sheet_version", "Version of the information sheet", "text"),
        Variable("countersigned_on", "Day of the countersignature", "date"),
        Variable("withdrawn_on", "Day of the newest withdrawal", "date"),
        Variable("withdrawal_level", "What was withdrawn from", "choice", levels),
    )
    used = {one.effect for documents in study.documents.values() for one in documents.consent.statements}
    effects = tuple(Variable(f"agrees_{key}", label, "yes_no") for key, label in _EFFECTS.items() if key in used)
    return facts + effects + _questions(study)


_STATUS = {
    "consented": "In the study",
    "withdrawn_kept": "Withdrew; what was told may be kept",
    "withdrawn_removed": "Withdrew; what was told is removed",
}


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
                    f"{name}___{_safe(choice.key)}", f"{one.label}: {choice.text}", "yes_no",
                    group=group, question=one.key, choice=choice.key,
                )
                for choice in one.choices
            ),
            Variable(
                f"{name}___pnts", f"{one.label}: prefers not to say", "yes_no",
                group=group, question=one.key, choice=DECLINED,
            ),
        ]  # fmt: skip
    kind = "choice" if one.kind == "single" else one.kind
    choices = {choice.key: choice.text for choice in one.choices}
    if one.kind == "single":
        choices[DECLINED] = "Prefers not to say"
    note = "" if one.kind == "single" else f"{DECLINED} stands for: prefers not to say"
    return [
        Variable(
            name, one.label, kind, choices, group, one.key, minimum=one.minimum, maximum=one.maximum, note=note
        )
    ]  # fmt: skip


def _safe(key: str) -> str:
    """A column's name as REDCap wants it: small letters, digits and underscores, a letter first."""
    name = key.replace("-", "_")
    return name if name[0].isalpha() else f"q_{name}"


def dictionary_csv(columns: tuple[Variable, ...]) -> Iterator[bytes]:
    """The data dictionary as a table."""
    yield csv_line(("variable", "label", "type", "values", "minimum", "maximum", "asked_of", "note"))
    for one in columns:
        values = "; ".join(f"{key} = {text}" for key, text in _values(one).items())
        yield csv_line((one.name, one.label, one.kind, values, one.minimum, one.maximum, one.group, one.note))


def _values(one: Variable) -> Mapping[str, str]:
    return {"1": "Yes", "0": "No"} if one.kind == "yes_no" else one.choices


def redcap_csv(columns: tuple[Variable, ...]) -> Iterator[bytes]:
    """The dictionary in the form that REDCap imports: "Project Setup", "Data Dictionary", "Upload file"."""
    yield csv_line(REDCAP_HEAD)
    done: set[str] = set()
    for one in columns:
        if not one.choice:
            yield csv_line(_redcap(one.name, one.label, one))
        elif (base := one.name.partition("___")[0]) not in done:
            done.add(base)
            parts = [two for two in columns if two.name.startswith(f"{base}___")]
            choices = " | ".join(f"{two.name.partition('___')[2]}, {two.label.rpartition(': ')[2]}" for two in parts)
            yield csv_line(_redcap(base, one.label.rpartition(": ")[0], one, choices))


def _redcap(name: str, label: str, one: Variable, checkboxes: str = "") -> tuple[str, ...]:
    form = "demographics" if one.question else "participation"
    kind = {"choice": "radio", "yes_no": "yesno"}.get(one.kind, "text")
    choices = " | ".join(f"{key}, {text}" for key, text in one.choices.items()) if kind == "radio" else ""
    if checkboxes:
        kind, choices = "checkbox", checkboxes
    checked = {"date": "date_ymd", "number": "integer", "year": "integer"}.get(one.kind, "")
    logic = f"[group] = '{one.group}'" if one.group else ""
    low, high = (str(edge) if edge is not None and checked == "integer" else "" for edge in (one.minimum, one.maximum))
    return (name, form, "", kind, label, choices, one.note, checked, low, high, "", logic, "", "", "", "", "", "")


def codebook(study: Study, columns: tuple[Variable, ...]) -> bytes:
    """The dictionary to read, as one HTML page."""
    rows = []
    for one in columns:
        values = "".join(f"<li><code>{escape(key)}</code> {escape(text)}</li>" for key, text in _values(one).items())
        note = f"<p>{escape(one.note)}</p>" if one.note else ""
        cells = (f"<code>{escape(one.name)}</code>", escape(one.label), f"{escape(one.kind)}<ul>{values}</ul>{note}")
        rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    page = (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Codebook</title></head><body>'
        f"<h1>Codebook: {escape(study.short_title)}</h1><p>IRAS ID {escape(study.iras_id)}. Empty means that nothing"
        " was asked or answered. A text that a spreadsheet would run as a formula starts with an apostrophe.</p>"
        "<table><thead><tr><th>Column</th><th>Meaning</th><th>Values</th></tr></thead><tbody>"
        f"{''.join(rows)}</tbody></table></body></html>\n"
    )
    return page.encode("utf-8")
