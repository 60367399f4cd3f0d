"""The data dictionary: every column, what it means, and the same for REDCap.

What programs read, such as names of columns, keys and kinds, is the same in every language.
"""

from collections.abc import Iterator, Mapping

from markupsafe import escape

from portal.exports.domain import Reader, Variable, Words, csv_line
from portal.sentence import said
from portal.study.domain import Study

REDCAP_HEAD = (
    "Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label",
    "Choices, Calculations, OR Slider Labels", "Field Note", "Text Validation Type OR Show Slider Number",
    "Text Validation Min", "Text Validation Max", "Identifier?", "Branching Logic (Show field only if...)",
    "Required Field?", "Custom Alignment", "Question Number (surveys only)", "Matrix Group Name", "Matrix Ranking?",
    "Field Annotation",
)  # fmt: skip
_KINDS = {
    "text": said("Text"),
    "date": said("Date"),
    "number": said("Number"),
    "year": said("Year"),
    "choice": said("One of these"),
    "yes_no": said("Yes or no"),
}
_HOW_TO_READ = said(
    "Empty means that nothing was asked or answered. Where a version of the study is named, versions.csv tells which. A"
    " text that a spreadsheet would run as a formula starts with an apostrophe."
)


def dictionary_csv(columns: tuple[Variable, ...], reader: Reader) -> Iterator[bytes]:
    """The data dictionary as a table."""
    yield csv_line(("variable", "label", "type", "values", "minimum", "maximum", "asked_of", "versions", "note"))
    for one in columns:
        values = "; ".join(f"{key} = {reader.tell(text)}" for key, text in _values(one).items())
        meaning, note = ": ".join(_meaning(one, reader)), _note(one, reader)
        yield csv_line((one.name, meaning, one.kind, values, one.minimum, one.maximum, one.group, one.versions, note))


def _meaning(one: Variable, reader: Reader) -> tuple[str, ...]:
    """The question, and the answer if the column stands for one."""
    return tuple(reader.tell(words) for words in (one.label, one.answer) if words)


def _note(one: Variable, reader: Reader) -> str:
    return " ".join(reader.tell(words) for words in one.notes)


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
    label, note = reader.tell(one.label), _note(one, reader)
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
        notes = (
            [*one.notes, said("Asked in version %(versions)s.", versions=one.versions)] if one.versions else one.notes
        )
        note = "".join(f"<p>{escape(tell(words))}</p>" for words in notes)
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
