"""A view that asks for a recent proof: lets in, sends to confirm, comes back; scripts get told."""

import pytest
from flask import request

from portal.web.permissions import Permission, requires
from portal.web.recent import recently_proved
from tests.support.world import PASSWORD


@pytest.fixture
def delicate(world):
    """The portal with one delicate page."""

    def page():
        return f"<!DOCTYPE html><html lang=en><title>T</title><h1>Delicate {request.method}</h1>"

    view = requires(Permission.OWN_ACCOUNT)(recently_proved(page))
    world.app.add_url_rule("/workspace/delicate", "delicate", view, methods=["GET", "POST"])
    return world


def test_signing_in_counts_for_ten_minutes(delicate):
    client = delicate.staff_client()
    assert client.get("/workspace/delicate").heading == "Delicate GET"
    delicate.clock.forward(minutes=9)
    assert client.get("/workspace/delicate").heading == "Delicate GET"
    delicate.clock.forward(minutes=2)
    assert client.get("/workspace/delicate").address == "/team/confirm"


def test_password_and_a_fresh_code_lead_back(delicate):
    client = delicate.staff_client()
    delicate.clock.forward(minutes=11)
    page = client.get("/workspace/delicate")
    (secret,) = delicate.secrets.values()
    refused = client.submit(page, {"password": "wrong password", "code": delicate.code(secret)})
    assert "do not fit together" in refused.text
    back = client.submit(refused, {"password": PASSWORD, "code": delicate.code(secret)})
    assert (back.address, back.heading) == ("/workspace/delicate", "Delicate GET")


def test_a_code_is_not_taken_twice(delicate):
    client = delicate.staff_client()
    (secret,) = delicate.secrets.values()
    page = client.get("/team/confirm")
    used = client.submit(page, {"password": PASSWORD, "code": delicate.code(secret)})  # the one of the sign-in
    assert "do not fit together" in used.text


def test_a_script_is_told_where_to_go(delicate):
    client = delicate.staff_client()
    delicate.clock.forward(minutes=11)
    answer = client.raw.get("/workspace/delicate", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json) == (401, {"confirm": "/team/confirm"})


def test_a_form_opened_in_time_may_be_sent_later(delicate):
    client = delicate.staff_client()
    page = client.get("/workspace/participants")
    token = page.form_values(page.all("form")[0])["csrf_token"]
    delicate.clock.forward(minutes=15)
    answer = client.raw.post("/workspace/delicate", data={"csrf_token": token})
    assert "Delicate POST" in answer.get_data(as_text=True)
    delicate.clock.forward(minutes=6)
    late = client.raw.post("/workspace/delicate", data={"csrf_token": token})
    assert late.headers["Location"] == "/team/confirm"


def test_no_address_of_elsewhere_is_followed(delicate):
    client = delicate.staff_client()
    page = client.get("/workspace/participants")
    token = page.form_values(page.all("form")[0])["csrf_token"]
    delicate.clock.forward(minutes=25)
    client.raw.post(
        "/workspace/delicate", data={"csrf_token": token}, headers={"Referer": "https://elsewhere.example/team/x"}
    )
    (secret,) = delicate.secrets.values()
    back = client.submit(client.get("/team/confirm"), {"password": PASSWORD, "code": delicate.code(secret)})
    assert back.address == "/workspace"
