"""A test's own world behind a real web server, and members of its team at real browsers."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser
from werkzeug.serving import make_server

from portal.team.domain import Member
from tests.e2e.staff import Staff
from tests.support.world import PASSWORD, World


@dataclass
class House:
    """The world, and where it is served."""

    world: World
    url: str

    def session(self, member: Member) -> str:
        """A signed-in session's cookie."""
        client = self.world.client()
        self.world.clock.forward(seconds=60)  # so that the code is a fresh one
        fields = {"email": member.email, "password": PASSWORD, "code": self.world.code(self.world.secrets[member.id])}
        client.submit(client.get("/team/sign-in"), fields)
        cookie = client.raw.get_cookie("session")
        assert cookie is not None
        return cookie.value

    def staff(self, browser: Browser, member: Member) -> Staff:
        """The member, signed in."""
        she = Staff(browser, self.url, {"email": member.email})
        she.context.add_cookies([{"name": "session", "value": self.session(member), "url": self.url}])
        return she


@contextmanager
def serving(world: World) -> Iterator[House]:
    """The world on a free port of this machine."""
    server = make_server("127.0.0.1", 0, world.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield House(world, f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
