"""What a first visit costs on a phone: every byte sent for the heaviest first page, headers apart."""

import gzip
import json
import re
import tempfile
from pathlib import Path

from portal.app import create_app
from portal.audit.domain import Actor
from portal.db.engine import Database
from portal.people.service import PeopleService
from portal.settings import Settings
from portal.wiring import build

GOAL = 100_000


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(instance=Path(folder), demonstration=True)
        services = build(settings)
        app = create_app(settings, services)
        invited = services.get(PeopleService).invite("carer", "trust-a", actor=Actor.system("bench"))
        client = app.test_client()
        door = client.get(f"/invitation/{invited.token}")
        token = re.findall(r'name="csrf_token" type="hidden" value="([^"]+)"', door.get_data(as_text=True))[-1]
        client.post(f"/invitation/{invited.token}", data={"csrf_token": token})
        pages = {path: visit(client, path) for path in ("/home", "/information", "/consent", "/about-you")}
        services.get(Database).dispose()
    heaviest = max(pages, key=lambda path: sum(pages[path].values()))
    figure = sum(pages[heaviest].values())
    print(
        json.dumps(
            {
                "name": "weight", "figure": figure, "unit": "bytes", "against": "first visit, as sent",
                "goal": GOAL, "met": figure <= GOAL, "page": heaviest, "parts": pages[heaviest],
            }
        )
    )  # fmt: skip


def visit(client, path: str) -> dict[str, int]:
    """Bytes of the page and of everything that it asks for, in a browser that takes gzip."""
    headers = {"Accept-Encoding": "gzip"}
    page = client.get(path, headers=headers)
    text = page.get_data()
    html = gzip.decompress(text) if page.headers.get("Content-Encoding") == "gzip" else text
    sizes = {path: len(text)}
    for found in re.findall(rb'(?:href|src)="(/static/[^"]+|/brand.css)"', html):
        address = found.decode()
        sizes[address] = len(client.get(address, headers=headers).get_data())
    return sizes


if __name__ == "__main__":
    main()
