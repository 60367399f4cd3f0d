"""Forms of consent. Nothing is ticked beforehand."""

from collections.abc import Mapping

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField, SelectField, TextAreaField
from wtforms.fields import DateField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from portal.consent.domain import StatementAnswer
from portal.consent.drawing import LONGEST, DrawingRefused, strokes
from portal.study.domain import ComprehensionCheck, ConsentForm, Statement
from portal.web.forms import Form, TextField

YES_NO = [SelectChoice("yes", _l("Yes")), SelectChoice("no", _l("No"))]
IDENTITY_CHECKS = [
    SelectChoice("known-to-service", _l("Known to the referring service")),
    SelectChoice("document-seen", _l("A document was seen on the video call")),
    SelectChoice("questions", _l("Answered questions that only the participant could answer")),
    SelectChoice("not-needed", _l("Not needed in this study")),
]


def _initials() -> TextField:
    return TextField(_l("Your initials"), [DataRequired(_l("Enter your initials"))], most=8)


class CheckedForm(Form):
    """The answers were looked at."""

    checked = HiddenField(validators=[DataRequired()])


class StatementForm(Form):
    """One statement on a page."""

    agreed = RadioField(_l("Your answer"), choices=YES_NO, validators=[InputRequired(_l("Choose yes or no"))])
    initials = _initials()

    def answer(self) -> StatementAnswer:
        """What was answered."""
        return StatementAnswer(self.agreed.data == "yes", str(self.initials.data))


def all_statements(form: ConsentForm, known: Mapping[str, StatementAnswer]) -> Form:
    """A form with every statement, for studies that show all on one page."""

    class AllStatements(Form):
        initials = _initials()

    for one in form.statements:
        choose = InputRequired(_l("Choose yes or no for each statement"))
        setattr(AllStatements, f"s-{one.key}", RadioField(one.text, choices=YES_NO, validators=[choose]))
    data = {f"s-{key}": "yes" if answer.agreed else "no" for key, answer in known.items()}
    initials = next((answer.initials for answer in known.values()), "")
    return AllStatements(data={**data, "initials": initials})


def answers_of(filled: Form, statements: tuple[Statement, ...]) -> dict[str, StatementAnswer]:
    """The answers of an all-on-one form."""
    initials = str(filled["initials"].data)
    return {one.key: StatementAnswer(filled[f"s-{one.key}"].data == "yes", initials) for one in statements}


class SignForm(Form):
    """The typed name, and perhaps a drawing."""

    name = TextField(_l("Type your full name"), [DataRequired(_l("Type your full name to sign"))], most=200)
    drawn = HiddenField(validators=[Length(max=LONGEST)])
    form_hash = HiddenField(validators=[DataRequired()])
    checked = HiddenField(validators=[DataRequired()])
    """The fingerprint of the answers that stood on the page."""

    def validate_drawn(self, field: HiddenField) -> None:
        """A drawing is lines in a box, or nothing."""
        if field.data:
            try:
                strokes(field.data)
            except DrawingRefused as error:
                raise ValidationError(
                    _l("The drawing could not be read. Clear it, or sign with your name only")
                ) from error


def check_form(check: ComprehensionCheck) -> Form:
    """The questions of the comprehension check; each may be left out."""

    class CheckForm(Form):
        pass

    for one in check.questions:
        choices = [SelectChoice(choice.key, choice.text) for choice in one.choices]
        field = RadioField(one.question, choices=choices, validators=[Optional()], validate_choice=True)
        setattr(CheckForm, f"q-{one.key}", field)
    return CheckForm()


class CountersignForm(Form):
    """The person taking consent."""

    conversation_on = DateField(
        _l("On which day did you talk?"), validators=[InputRequired(_l("Enter the day, like 24/11/2026"))]
    )
    conversation = TextAreaField(
        _l("What did you talk about, and which questions were asked?"),
        validators=[DataRequired(_l("Write what you talked about")), Length(max=2000)],
    )
    identity_check = SelectField(
        _l("How did you know who it was?"),
        choices=[SelectChoice("", _l("Choose")), *IDENTITY_CHECKS],
        validators=[InputRequired(_l("Choose how you knew"))],
    )
