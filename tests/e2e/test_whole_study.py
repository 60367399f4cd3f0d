"""The whole study in real browsers: carer, practitioner, researcher, lead and auditor, from invitation to archive.

With TOUR=FOLDER in the environment each station leaves a picture there, for the README and the documents.
"""

import os
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from portal.people.service import PeopleService
from portal.recordings.service import RecordingService
from portal.rooms.service import RoomService
from portal.settings import ROOT
from portal.workspace.demo import KEY_PASSPHRASE
from tests.e2e.interviews import close, house
from tests.e2e.player import arrives
from tests.e2e.server import running
from tests.e2e.staff import Staff
from tests.e2e.test_journey import invite, journey
from tests.e2e.visitor import Visitor
from tests.support.codes import fresh_code
from tests.support.world import ACTOR

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
WHOLE = "Everything fits: files, receipts, versions and events are as they were exported."
DESK = {"width": 1280, "height": 900}


def picture(page, name):
    folder = os.environ.get("TOUR")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


@pytest.fixture
def place(tmp_path, caller):
    with running(tmp_path / "instance") as server:
        opened = house(server, caller)
        try:
            yield opened
        finally:
            close(opened)


def test_from_invitation_to_archive(chromium, caller, place, tmp_path):
    cast = place.server.cast()
    for group in ("carer", "practitioner"):
        staff = Visitor(chromium, place.server.url, viewport=DESK)
        link = invite(staff, cast, group)
        staff.context.close()
        journey(Visitor(chromium, place.server.url), link, tmp_path)
    carer, practitioner = (place.services.get(PeopleService).all()[at].study_id for at in (1, 0))
    assert (carer[0], practitioner[0]) == ("C", "P")

    researcher = member(chromium, place, cast, "researcher")
    for study_id in (carer, practitioner):
        countersign(researcher, study_id)
    phone = back(chromium, place, practitioner)
    book(phone)
    interview(caller, chromium, place, carer)
    recording = until(lambda: newest_recording(place, carer))
    play(researcher, recording)
    export_on_the_desk(place, recording, tmp_path)
    withdraw(phone)
    archive = site_file(chromium, place, cast, tmp_path)
    audit(chromium, place, cast, archive)


def member(chromium, place, cast, role):
    made = Staff(chromium, place.server.url, next(one for one in cast["staff"] if one["role"] == role))
    made.sign_in()
    return made


def countersign(staff, study_id):
    staff.go(f"/workspace/participants/{study_id}/countersign")
    page = staff.page
    page.get_by_label("On which day did you talk?").fill(time.strftime("%Y-%m-%d"))
    page.get_by_label("What did you talk about").fill("An invented conversation; she asked how long it takes.")
    page.get_by_label("How did you know who it was?").select_option(index=1)
    staff.press("Countersign")
    expect(page.get_by_text("Countersigned. Reference")).to_be_visible()
    picture(page, "participant")


def back(chromium, place, study_id):
    """Somebody who got a fresh link, on her phone."""
    people = place.services.get(PeopleService)
    link = people.renew(people.by_study_id(study_id).id, actor=ACTOR).token
    phone = Visitor(chromium, place.server.url)
    phone.page.goto(f"{place.server.url}/invitation/{link}")
    phone.press("Open my invitation")
    return phone


def book(phone):
    phone.go("/interview/times")
    picture(phone.page, "times-phone")
    with phone.page.expect_navigation():
        phone.page.locator(".app-time").first.click()
    phone.press("Confirm this time")
    expect(phone.page.get_by_role("heading", name="Your interview", exact=True)).to_be_visible()


def interview(caller, chromium, place, study_id):
    """Both meet, the interviewer records some seconds, and says how it ended."""
    phone = back(chromium, place, study_id)
    place.states["participant"], place.study_id = dict(phone.context.storage_state()), study_id
    phone.context.close()
    with place.call(caller) as (she, staff, _):
        staff.act("record")
        she.wait_said("recording", "Recording")
        staff.page.wait_for_function("/0:0[4-9]/.test(document.querySelector('[data-kept]').textContent)")
        picture(she.page, "room-phone")
        picture(staff.page, "room-desk")
        staff.act("record_stop")
        she.wait_said("recording", "Recording stopped")
        staff.act("end")
        staff.act("end")
        she.page.wait_for_url("**/room/over/ended")
        staff.page.wait_for_url("**/outcome")
        staff.page.get_by_label("It is done").check()
        staff.page.get_by_role("button", name="Keep").click()
        staff.page.get_by_text("Kept. Thank you.").wait_for()


def until(found, seconds=60):
    end = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.3)
    return value


def newest_recording(place, study_id):
    person = place.services.get(PeopleService).by_study_id(study_id)
    rooms = {one.code for one in place.services.get(RoomService).of_participant(person)}
    return next((one for one in place.services.get(RecordingService).recordings() if one.room in rooms), None)


def play(staff, recording):
    page = staff.page
    page.goto(f"{staff.base}/workspace/recordings/{recording.id}")
    if "/team/confirm" in page.url:
        prove(staff)
    page.fill("#unlock-with", KEY_PASSPHRASE)
    page.get_by_role("button", name="Unlock with the passphrase").click()
    expect(page.locator("[data-controls]")).to_be_visible()
    page.locator("[data-toggle]").click()
    arrives(staff, 2)
    picture(page, "player")


def prove(staff):
    page = staff.page
    page.get_by_label("Password").fill(staff.member["password"])
    page.get_by_label("Code from your authenticator app").fill(fresh_code(staff.member["totp_secret"]))
    page.get_by_role("button", name="Confirm", exact=True).click()
    page.wait_for_url(lambda url: "/team/confirm" not in url)


def export_on_the_desk(place, recording, folder):
    key, to = folder / "key.txt", folder / "opened"
    key.write_text(place.identity.encode() + "\n")
    command = [sys.executable, "-m", "portal", "recordings", "export", recording.id]
    command += ["--identity", str(key), "--to", str(to)]
    subprocess.run(command, cwd=ROOT, env=place.server.environ, check=True, capture_output=True)
    film = next(to.rglob("*.mkv"))
    shown = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0", str(film)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert sorted(shown.stdout.split()) == ["opus", "opus", "vp8", "vp8"]


def withdraw(phone):
    phone.go("/withdraw/stop-remove")
    with phone.page.expect_navigation():
        phone.page.locator("main form button").click()
    phone.check()
    expect(phone.page).to_have_url(re.compile("/withdrawn/"))
    phone.context.close()


def site_file(chromium, place, cast, folder):
    lead = member(chromium, place, cast, "lead")
    lead.go("/workspace")
    picture(lead.page, "overview")
    lead.go("/workspace/exports")
    lead.page.get_by_label("The site file").check()
    lead.page.get_by_label("Monitoring, audit or inspection").check()
    lead.page.get_by_label("In a few words, for the record").fill("the end of the study")
    with lead.page.expect_download() as download:
        lead.page.get_by_role("button", name="Take it out").click()
    saved, archive = folder / "site-file.zip", folder / "site-file"
    download.value.save_as(saved)
    zipfile.ZipFile(saved).extractall(archive)
    lead.context.close()
    return archive


def audit(chromium, place, cast, archive):
    """The auditor needs nothing but the folder; and the portal's own trail holds."""
    done = subprocess.run([sys.executable, "-I", archive / "verify.py"], capture_output=True, text=True, check=False)
    assert (done.returncode, WHOLE in done.stdout) == (0, True), done.stdout
    receipts = sorted((archive / "receipts").rglob("*.pdf"))
    assert len(receipts) >= 5, "two consents with countersignatures, and a withdrawal"
    certificate = next(archive.rglob("*.pem"))
    for one in receipts:
        command = [sys.executable, "-m", "portal", "verify", str(one), "--certificate", str(certificate)]
        subprocess.run(command, cwd=ROOT, env=place.server.environ, check=True, capture_output=True)
    command = [sys.executable, "-m", "portal", "audit", "verify"]
    subprocess.run(command, cwd=ROOT, env=place.server.environ, check=True, capture_output=True)
    auditor = member(chromium, place, cast, "auditor")
    auditor.go("/workspace/audit")
    auditor.context.close()
