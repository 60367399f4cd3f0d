"""Two people open a past recording for a newcomer's key, in Chromium; then two destroy it."""

import io

import pytest
from playwright.sync_api import expect

from portal.db.engine import Database
from portal.recordings import age
from portal.recordings.destroying import Destructions
from portal.recordings.keys.service import KeyService
from portal.recordings.service import RecordingService
from portal.recordings.store import RecordingRow
from portal.team.domain import Role
from portal.team.service import TeamService
from tests.e2e.house import serving
from tests.recordings.keys.making import PASSPHRASE, by_passphrase
from tests.recordings.made import MINE, RECOVERY, keyed, recorded, team

pytestmark = pytest.mark.browser


@pytest.fixture
def house(world):
    hers, lead = team(world)
    keyed(world, hers, lead)
    world.recording = recorded(world)
    world.newcomer = age.new_identity(age.Kind.X25519)
    keys = world.get(KeyService)
    key = keys.register(str(world.newcomer.recipient), [by_passphrase()], staff_id=lead)
    keys.confirm(key.id, staff_id=hers)
    with serving(world) as made:
        yield made


def entered(chromium, house, role):
    member = next(one for one in house.world.get(TeamService).members() if one.role is role)
    return house.staff(chromium, member)


def test_a_newcomer_asks_and_a_colleague_s_browser_opens_it(chromium, house):
    lead, she = entered(chromium, house, Role.LEAD), entered(chromium, house, Role.RESEARCHER)
    lead.go("/workspace/recordings")
    lead.press("Ask to open it for today's keys")
    lead.press("Look and decide", "link")
    expect(lead.page.get_by_text("You asked for this")).to_be_visible()
    she.go("/workspace/recordings/requests")
    she.press("Look and decide", "link")
    words = " ".join(house.world.get(KeyService).all()[-1].words)
    expect(she.page.locator("[data-rewrap]")).to_contain_text(words)
    she.page.fill("#unlock-with", PASSPHRASE)
    she.page.get_by_role("button", name="Unlock with the passphrase").click()
    expect(she.page.get_by_role("button", name="Open it for these keys")).to_be_visible()
    she.check()
    she.press("Open it for these keys")
    for name in ("p1-1.webm.age", "p2-1.webm.age"):
        stored = house.world.get(RecordingService).stored(house.world.recording.id, name)
        for identity in (house.world.newcomer, MINE, RECOVERY):
            plain = io.BytesIO()
            age.decrypt(io.BytesIO(stored.read_at(0, stored.size)), plain, [identity])
            assert plain.getvalue().startswith(b"\x1a\x45\xdf\xa3")
    lead.page.goto(f"{lead.base}/workspace/recordings/{house.world.recording.id}")
    lead.page.get_by_text("Use a printed copy instead").click()
    lead.page.fill("#printed-copy", house.world.newcomer.encode())
    lead.page.get_by_role("button", name="Unlock with the printed copy").click()
    expect(lead.page.locator("[data-controls]")).to_be_visible()
    expect(lead.page.locator("[data-problems]")).to_be_hidden()
    lead.context.close()
    she.context.close()


def test_one_asks_another_destroys(chromium, house):
    lead, she = entered(chromium, house, Role.LEAD), entered(chromium, house, Role.RESEARCHER)
    lead.go("/workspace/recordings")
    lead.press("Ask to destroy it", "link")
    lead.page.get_by_label("It should never have been recorded").check()
    lead.press("Ask")
    she.go("/workspace/recordings/requests")
    she.press("Look and decide", "link")
    she.press("Destroy the recording")
    house.world.get(Destructions).run()
    she.go(f"/workspace/recordings/{house.world.recording.id}/certificate")
    expect(she.page.get_by_text("was destroyed: first the keys")).to_be_visible()
    she.go("/workspace/recordings")
    with house.world.get(Database).reading() as session:
        assert session.get(RecordingRow, house.world.recording.id).destroyed_at is not None
    lead.context.close()
    she.context.close()
