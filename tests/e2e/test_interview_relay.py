"""A study that sends every call through the relay: from its setting to the way that the pictures take."""

import pytest

from portal.study.service import StudyBook
from tests.e2e.interviews import close, house
from tests.e2e.server import demonstration
from tests.rooms.media.test_relay import SECRET, coturn  # noqa: F401 - a fixture

pytestmark = pytest.mark.browser
KEEP_PEERS = """
  window.peers = [];
  const Plain = RTCPeerConnection;
  window.RTCPeerConnection = class extends Plain {
    constructor(...given) { super(...given); peers.push(this); }
  };
"""
WAYS = """async () => {
  const ways = [];
  for (const peer of peers.filter((one) => one.connectionState === "connected")) {
    const found = await peer.getStats();
    for (const one of found.values())
      if (one.type === "transport")
        ways.push(found.get(found.get(one.selectedCandidatePairId)?.localCandidateId)?.candidateType);
  }
  return ways;
}"""


@pytest.fixture
def place(tmp_path_factory, caller, coturn):  # noqa: F811
    with demonstration(tmp_path_factory, turn_urls=f"turn:127.0.0.1:{coturn}", turn_secret=SECRET) as server:
        opened = house(server, caller)
        book = opened.services.get(StudyBook)
        study = book.current().study
        rules = study.interview_room.model_copy(update={"relay_only": True})
        book.publish(study.model_copy(update={"interview_room": rules}))
        try:
            yield opened
        finally:
            close(opened)


def test_both_sides_pictures_go_through_the_relay_alone(place, caller):
    room = place.room()
    with place.caller(caller, "participant") as she, place.caller(caller, "researcher") as staff:
        for one in (she, staff):
            one.context.add_init_script(KEEP_PEERS)
        she.page.goto(f"{she.base}/room/check")
        she.page.get_by_text("Your connection is").wait_for()
        she.page.get_by_role("button", name="Go to the waiting room").click()
        staff.page.goto(f"{staff.base}/workspace/interviews/{room.code}")
        staff.page.locator('[data-do="admit"]').click()
        for one in (she, staff):
            one.sees_moving()
            assert one.page.evaluate(WAYS) == ["relay"]
            offers = one.page.evaluate("peers.map(one => one.localDescription?.sdp ?? '').join()")
            assert "typ relay" in offers
            assert "typ host" not in offers
            assert "typ srflx" not in offers
