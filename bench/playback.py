"""Time from "play" to the first frame of a 1 GiB recording in Chromium, beside a small one in the same run.

Both hold the same media: a short recording whose clusters are repeated until the file has its size, written through
the real sink, served by the real application, opened with a key in the page. The clock starts when the key is handed
over and "play" is pressed at once, so header, file key, first chunks and decoding all count.
"""

import io
import json
import logging
import re
import statistics
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pyotp
import structlog
from playwright.sync_api import Page, sync_playwright
from werkzeug.serving import make_server

from portal.app import create_app
from portal.audit.domain import Actor
from portal.cli.recordings.simulate import make
from portal.clock import london_day, now
from portal.delegation.domain import Task
from portal.delegation.service import DelegationService
from portal.recordings import age
from portal.recordings.catalogue import Catalogue
from portal.recordings.domain import new_recording_id
from portal.recordings.manifest import FORMAT, Manifest
from portal.recordings.sink import Sink
from portal.recordings.vault import Files
from portal.recordings.webm import Clusters
from portal.settings import Settings
from portal.team.domain import Role
from portal.team.service import TeamService
from portal.wiring import Services, build

SMALL, LARGE = 8 << 20, 1 << 30
ROUNDS = 5
GOAL = 1.0
SECONDS = 8
CLUSTER = b"\x1f\x43\xb6\x75"
EMAIL, PASSWORD = "bench@example.org", "four words are plenty"
TIMED = """async (secret) => {
  const frame = (video) => new Promise((resolve) => video.requestVideoFrameCallback(() => resolve(performance.now())));
  document.querySelector("#printed-copy").value = secret;
  const start = performance.now();
  document.querySelector("[data-printed-open]").click();
  while (document.querySelector("[data-controls]").hidden) await new Promise((resolve) => setTimeout(resolve, 1));
  const video = document.querySelector("video");
  document.querySelector("[data-toggle]").click();
  const first = await frame(video);
  const line = document.querySelector("[data-line]");
  line.value = Math.floor(line.max * 0.6);
  const asked = performance.now();
  const sought = new Promise((resolve) => video.addEventListener("seeked", resolve, { once: true }));
  line.dispatchEvent(new Event("input"));
  await sought;
  return { first: (first - start) / 1000, seek: ((await frame(video)) - asked) / 1000 };
}"""


def main() -> None:
    """Measure and print."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    identity = age.new_identity()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(instance=Path(folder), demonstration=True)
        services = build(settings)
        names = {size: recording(settings.instance / "vault", identity, size) for size in (SMALL, LARGE)}
        services.get(Catalogue).run()
        app = create_app(settings, services)
        cookie = signed_in(app, services)
        server = make_server("127.0.0.1", 0, app, threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            seen = measured(f"http://127.0.0.1:{server.server_port}", cookie, names, identity.encode())
        finally:
            server.shutdown()
    first = {size: statistics.median(one["first"] for one in rounds) for size, rounds in seen.items()}
    print(
        json.dumps(
            {
                "name": "playback", "figure": round(first[LARGE], 3), "unit": "s to the first frame of 1 GiB",
                "against": "an 8 MiB recording, same run", "goal": GOAL, "met": first[LARGE] <= GOAL,
                "small": round(first[SMALL], 3), "ratio": round(first[LARGE] / first[SMALL], 2),
                "seek": round(statistics.median(one["seek"] for one in seen[LARGE]), 3),
            }
        )
    )  # fmt: skip


def measured(base: str, cookie: str, names: dict[int, str], secret: str) -> dict[int, list[dict[str, float]]]:
    """Small and large in turn, each in a fresh page."""
    seen: dict[int, list[dict[str, float]]] = {size: [] for size in names}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for _ in range(ROUNDS):
            for size, name in names.items():
                context = browser.new_context()
                context.add_cookies([{"name": "session", "value": cookie, "url": base}])
                seen[size].append(timed(context.new_page(), f"{base}/workspace/recordings/{name}", secret))
                context.close()
        browser.close()
    return seen


def timed(page: Page, address: str, secret: str) -> dict[str, float]:
    """One opening and one jump."""
    page.goto(address)
    page.wait_for_selector("[data-unlock-ready]", state="visible")
    found: dict[str, float] = page.evaluate(TIMED, secret)
    return found


def recording(vault: Path, identity: age.Identity, size: int) -> str:
    """A recording of one person of this many bytes. Gives its name."""
    recipients = [identity.recipient, age.new_identity().recipient]
    with tempfile.TemporaryDirectory() as folder:
        path = make(Path(folder), recipients, SECONDS) / "p1-1.webm.age"
        plain = io.BytesIO()
        with path.open("rb") as source:
            age.decrypt(source, plain, [identity])
    head, *clusters = re.split(b"(?=" + CLUSTER + b")", plain.getvalue())
    name = new_recording_id()
    folder = Files(vault).new_folder(name)
    manifest, sink = Manifest.create(folder), Sink.create(folder, "p1-1.webm", recipients)
    manifest.add(
        "opened", format=FORMAT, recording=name, room="bench", study="0" * 64,
        recipients=[one.fingerprint for one in recipients],
    )  # fmt: skip
    manifest.add(
        "track", track="p1", role="interviewer", part=1, file="p1-1.webm", media="audio+video", codecs="vp8+opus", ms=0
    )
    index, written = Clusters(), 0
    for seconds, data in repeated(head, clusters):
        for point in index.feed(data):
            manifest.add("index", file="p1-1.webm", ms=point.ms, byte=point.byte)
        written += len(data)
        sink.write(data)
        if written >= size:
            sink.mark(seconds)
            break
    closed = sink.close()
    manifest.add(
        "closed", file="p1-1.webm", ms=round(closed.seconds * 1000), chunks=closed.chunks,
        plaintext_bytes=closed.plaintext_bytes, bytes=closed.bytes, sha256=closed.sha256,
        payload_sha256=closed.payload_sha256,
    )  # fmt: skip
    manifest.add("ended", ms=round(closed.seconds * 1000), why="long enough")
    manifest.close()
    return name


def repeated(head: bytes, clusters: list[bytes]) -> Iterator[tuple[float, bytes]]:
    """The header, then the clusters again and again, each at a later time. Gives the time in seconds as well."""
    yield 0.0, head
    turn = 0
    while True:
        for cluster in clusters:
            width = 9 - cluster[4].bit_length()
            body = cluster[
                4 + width : 4 + width + (int.from_bytes(cluster[4 : 4 + width], "big") & (1 << 7 * width) - 1)
            ]
            length = body[1] & 0x7F
            time = int.from_bytes(body[2 : 2 + length], "big") + turn * SECONDS * 1000
            content = b"\xe7\x84" + time.to_bytes(4, "big") + body[2 + length :]
            yield time / 1000, CLUSTER + (1 << 56 | len(content)).to_bytes(8, "big") + content
        turn += 1


def signed_in(app, services: Services) -> str:
    """A researcher's session."""
    team = services.get(TeamService)
    token = team.invite(Role.RESEARCHER, actor=Actor.system("bench"))
    codes = pyotp.TOTP(team.enrolment(token).totp_secret)
    early = codes.at(int(now().timestamp()) - 30)
    member = team.join(token, name="Bench", email=EMAIL, password=PASSWORD, code=early)
    services.get(DelegationService).sign(member, Task, london_day(now()), None, actor=Actor.system("bench"))
    client = app.test_client()
    page = client.get("/team/sign-in").get_data(as_text=True)
    form = re.findall(r'name="csrf_token" type="hidden" value="([^"]+)"', page)[-1]
    fields = {"csrf_token": form, "email": EMAIL, "password": PASSWORD, "code": codes.now()}
    client.post("/team/sign-in", data=fields)
    cookie = client.get_cookie("session")
    if cookie is None:
        raise RuntimeError("the bench's researcher could not sign in")
    return cookie.value


if __name__ == "__main__":
    main()
