"""One question a page."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from portal.demographics.domain import Value
from portal.study.domain import Question
from portal.web.forms import ChoicesField, Form, TextField

DECLINED = "prefer-not-to-say"


def question_form(question: Question, known: Value | None) -> Form:
    """The form of a question, filled with the answer that is known."""
    given = list(known.given) if known else []
    declined = bool(known and known.declined)
    choices = [SelectChoice(one.key, one.text) for one in question.choices]

    class QuestionForm(Form):
        pass

    if question.kind == "single":
        options = [*choices, SelectChoice(DECLINED, _l("Prefer not to say"))]
        field = RadioField(question.label, choices=options, validators=[Optional()])
        QuestionForm.answer = field
        return QuestionForm(data={"answer": DECLINED if declined else (given[0] if given else None)})
    if question.kind == "multiple":
        options = [*choices, SelectChoice(DECLINED, _l("Prefer not to say"))]
        QuestionForm.answer = ChoicesField(question.label, choices=options, validators=[Optional()])
        return QuestionForm(data={"answer": [DECLINED] if declined else given})
    QuestionForm.answer = TextField(question.label, most=500)
    QuestionForm.declined = BooleanField(_l("Prefer not to say"))
    return QuestionForm(data={"answer": given[0] if given else "", "declined": declined})


def value_of(question: Question, form: Form) -> Value:
    """What was answered."""
    data = form["answer"].data
    if question.kind == "multiple":
        return Value(declined=True) if DECLINED in (data or []) else Value(tuple(data or ()))
    if question.kind == "single":
        return Value(declined=True) if data == DECLINED else Value((data,) if data else ())
    return Value(declined=True) if form["declined"].data else Value((data,) if data else ())
