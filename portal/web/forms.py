"""Forms: Flask-WTF's, with clear limits, and what the design system's macros need to know of a field."""

import unicodedata
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.form import _Auto
from wtforms import Field, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import Length, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from portal.web import unfinished

NOT_TEXT = {"Cc", "Cs", "Co"}
"""Unicode categories that no name or answer holds: controls, surrogates, private use."""


class Form(FlaskForm):
    """The base of every form: a CSRF token, errors in the order of the page, and what she had typed before."""

    class Meta(FlaskForm.Meta):
        """How a form finds what was typed."""

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """What was sent; on a page that is only shown, what she had typed there when her session ended."""
            sent = super().wrap_formdata(form, formdata)
            return unfinished.fields() if sent is None and formdata is _Auto else sent

    def error_list(self) -> list[dict[str, str]]:
        """For the error summary: the first error of each field, and where it is."""
        return [{"text": str(_first(field.errors)), "href": f"#{first_id(field)}"} for field in self if field.errors]


class EmptyForm(Form):
    """A button: a token, and nothing to fill in."""


class TextField(StringField):
    """One line of text, in any script: spaces trimmed, Unicode made NFC, control characters refused."""

    def __init__(self, label: Any, validators: list[Any] | None = None, *, most: int = 200, **kwargs: Any) -> None:
        too_long = Length(max=most, message=_l("Use %(max)d characters or fewer"))
        super().__init__(label, [*(validators or []), too_long], **kwargs)

    data: str | None
    odd = False

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Tidy what came in."""
        super().process_formdata(valuelist)
        if self.data is not None:
            kept = "".join(" " if unicodedata.category(one) in NOT_TEXT else one for one in self.data)
            self.odd = kept != self.data
            self.data = unicodedata.normalize("NFC", " ".join(kept.split()))

    def pre_validate(self, form: Any) -> None:
        """Refuse characters that are not text."""
        if self.odd:
            raise ValidationError(_l("Use only letters, numbers and signs"))


class LongTextField(TextAreaField):
    """Several lines of text, in any script: line ends made one kind, Unicode made NFC, control characters left out."""

    def __init__(self, label: Any, validators: list[Any] | None = None, *, most: int, **kwargs: Any) -> None:
        too_long = Length(max=most, message=_l("Use %(max)d characters or fewer"))
        super().__init__(label, [*(validators or []), too_long], **kwargs)

    data: str | None

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Tidy what came in."""
        super().process_formdata(valuelist)
        if self.data is not None:
            lines = self.data.replace("\r\n", "\n").replace("\r", "\n").split("\n")
            kept = ("".join(one for one in line if unicodedata.category(one) not in NOT_TEXT) for line in lines)
            self.data = unicodedata.normalize("NFC", "\n".join(kept).strip())


class ChoicesField(SelectMultipleField):
    """Checkboxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


def first_id(field: Field) -> str:
    """The id of the field's first control: a group of radios or checkboxes has its own."""
    return f"{field.id}-0" if field.type in ("RadioField", "ChoicesField") else str(field.id)


def _first(errors: Any) -> Any:
    return next(iter(errors.values() if isinstance(errors, dict) else errors))
