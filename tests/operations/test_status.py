"""The status page and the figures for Prometheus."""

from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from portal.app import create_app
from portal.operations.domain import failing, ok, warning
from portal.operations.metrics import Metrics
from portal.operations.service import Doctor
from portal.sentence import said
from portal.team.domain import Role


@pytest.mark.parametrize("role", [Role.IT, Role.LEAD])
def test_it_shows_every_part_with_what_to_do(world, role):
    page = world.staff_client(role).get("/workspace/status")
    assert (page.status, page.heading) == (200, "Status")
    assert "Start it: portal worker" in page.text


@pytest.mark.parametrize("role", [Role.RESEARCHER, Role.AUDITOR])
def test_others_do_not_see_it(world, role):
    assert world.staff_client(role).raw.get("/workspace/status").status_code == 403


@pytest.mark.parametrize(
    ("finding", "words"),
    [
        (ok("a", said("fine")), "Every part works."),
        (warning("a", said("hm"), said("do")), "need attention soon"),
        (failing("a", said("no"), said("do")), "Something does not work"),
    ],
)
def test_it_sums_up(world, finding, words):
    doctor = world.get(Doctor)
    doctor._checks = (("a", lambda: finding),)
    assert words in world.staff_client(Role.IT).get("/workspace/status").text


def test_figures_need_the_token(world):
    assert world.client().raw.get("/metrics").status_code == 404
    settings = replace(world.settings, metrics_token="the token")
    services = replace(
        world.services, registry=tuple(settings if one is world.settings else one for one in world.services.registry)
    )
    client = create_app(settings, services).test_client()
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer another"}).status_code == 404
    answer = client.get("/metrics", headers={"Authorization": "Bearer the token"})
    figures = {one.name: one.samples[0].value for one in text_string_to_metric_families(answer.get_data(as_text=True))}
    assert figures["portal_consents"] == 0
    assert figures["portal_disk_free_bytes"] > 0


def test_figures_count_what_is_there(worlds):
    worlds.consent(worlds.participant())
    figures = {one.name: one.samples[0].value for one in worlds.get(Metrics).collect()}
    assert (figures["portal_participants"], figures["portal_consents"]) == (1, 1)
    assert figures["portal_audit_events"] >= 2
