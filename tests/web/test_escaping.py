"""What somebody typed is text on a page, also inside the design system's macros."""

import pytest
from flask import render_template_string
from wtforms import SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired

from portal.db.engine import Database
from portal.team.domain import Role
from portal.team.store import StaffRow
from portal.web.forms import Form, TextField
from tests.support.client import Page

HOSTILE = "</textarea></option></label><img src=x>\"'&"
MACROS = """{% from "components/forms.html" import error_summary, field, submit %}<!DOCTYPE html><title>x</title>
{{ error_summary(form) }}{{ field(form.line, hint=hostile) }}{{ field(form.area) }}{{ field(form.choice) }}
{{ submit(hostile) }}"""


class Hostile(Form):
    line = TextField(HOSTILE, [DataRequired(HOSTILE)])
    area = TextAreaField(HOSTILE, [DataRequired(HOSTILE)])
    choice = SelectField(HOSTILE, choices=[SelectChoice("a", HOSTILE)])


def test_fields_errors_hints_and_buttons_show_markup_as_text(world):
    with world.app.test_request_context(method="POST", data={"area": HOSTILE}):
        form = Hostile(meta={"csrf": False})
        form.validate()
        page = Page("/", world.app.make_response(render_template_string(MACROS, form=form, hostile=HOSTILE)))
    assert page.all("img") == []
    assert [one.text for one in page.all("textarea")] == [HOSTILE]
    assert [one.text for one in page.all("option")] == [HOSTILE]
    assert page.text.count("&lt;img src=x&gt;") >= 8


@pytest.mark.parametrize("address", ["/workspace/audit", "/workspace/delegation/sign"])
def test_a_member_s_name_is_text_in_a_list_to_choose_from(world, address):
    client, other = world.staff_client(Role.LEAD), world.member(Role.RESEARCHER)
    with world.get(Database).transaction() as session:
        session.get(StaffRow, other.id).name = HOSTILE
    page = client.get(address)
    assert page.all("img") == []
    assert HOSTILE in [*page.words("option"), *page.words("label")]
