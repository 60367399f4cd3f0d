"""The HTTP interface that the web process uses; docs/rooms-protocol.md lists it."""

import hmac
import json
import time
from typing import Protocol

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from portal.rooms.errors import TicketRefused
from portal.rooms.media.errors import JoinRefused, OfferRefused
from portal.rooms.media.refusals import Refusals
from portal.rooms.media.stopping import Wish

LARGEST_BODY = 256 * 1024
_STATUS = {"not_relayed": 403, "room_full": 409, "room_ended": 410, "busy": 503}


class Rooms(Protocol):
    """What the interface needs of the house."""

    def join(self, room: str, ticket_text: str, offer_text: str) -> str:
        """The answer to an offer. Raises TicketRefused, OfferRefused, JoinRefused."""

    def end(self, room: str, reason: str, *, spare_talk: bool) -> bool:
        """End a room for good; False where people talk in it, who are to be spared."""

    def clear(self, room: str, reason: str) -> bool:
        """Put out everybody; False where people talk in it."""

    def stop(self, room: str, wish: Wish) -> None:
        """Somebody needs to stop."""

    def withdraw(self, room: str, person: str, *, discard: bool | None) -> None:
        """Somebody withdrew the consent to be recorded."""

    def snapshots(self) -> list[dict[str, object]]:
        """Every room as who runs it sees it, without names."""

    def health(self) -> dict[str, object]:
        """How it is."""

    def figures(self) -> str:
        """Figures for Prometheus."""

    @property
    def refusals(self) -> Refusals:
        """Where it is noted what was refused."""


def application(rooms: Rooms, *, secret: str | None) -> web.Application:
    """The interface. With a secret, every request must bring it (TCP); without, the socket's mode guards it."""
    app = web.Application(middlewares=[_guard(secret, rooms.refusals)], client_max_size=LARGEST_BODY)
    routes = _Routes(rooms)
    app.router.add_post("/rooms/{room:[A-Za-z0-9_-]{1,64}}/join", routes.join)
    app.router.add_post("/rooms/{room:[A-Za-z0-9_-]{1,64}}/end", routes.end)
    app.router.add_post("/rooms/{room:[A-Za-z0-9_-]{1,64}}/clear", routes.clear)
    app.router.add_post("/rooms/{room:[A-Za-z0-9_-]{1,64}}/withdraw", routes.withdraw)
    app.router.add_post("/rooms/{room:[A-Za-z0-9_-]{1,64}}/stop", routes.stop)
    app.router.add_get("/rooms", routes.list)
    app.router.add_get("/healthz", routes.health)
    app.router.add_get("/metrics", routes.figures)
    return app


def _guard(secret: str | None, refusals: Refusals) -> Middleware:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        if secret is not None and not hmac.compare_digest(given, f"Bearer {secret}".encode()):
            refusals.request("not_allowed")
            return _refused("not_allowed", 403)
        try:
            return await handler(request)
        except TicketRefused as refused:
            refusals.request(refused.code)
            return _refused(refused.code, 403)
        except (OfferRefused, JoinRefused) as refused:
            refusals.request(refused.code)
            return _refused(refused.code, _STATUS.get(refused.code, 400))

    return guard


class _Routes:
    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    async def join(self, request: web.Request) -> web.Response:
        body = await _body(request)
        ticket, offer = body.get("ticket"), body.get("offer")
        text = offer.get("sdp") if isinstance(offer, dict) and offer.get("type") == "offer" else None
        if not isinstance(ticket, str) or not isinstance(text, str):
            raise OfferRefused("not an offer with a ticket", "bad_request")
        answer = self._rooms.join(request.match_info["room"], ticket, text)
        return web.json_response({"answer": {"type": "answer", "sdp": answer}})

    async def end(self, request: web.Request) -> web.Response:
        body = await _body(request)
        spare = body.get("spare_talk", False)
        if not isinstance(spare, bool):
            raise OfferRefused("no yes or no", "bad_request")
        done = self._rooms.end(request.match_info["room"], _reason(body), spare_talk=spare)
        return web.json_response({"done": done})

    async def clear(self, request: web.Request) -> web.Response:
        reason = _reason(await _body(request))
        return web.json_response({"done": self._rooms.clear(request.match_info["room"], reason)})

    async def withdraw(self, request: web.Request) -> web.Response:
        body = await _body(request)
        person, discard = body.get("person"), body.get("discard")
        if not isinstance(person, str) or not isinstance(discard, bool | None):
            raise OfferRefused("no person", "bad_request")
        self._rooms.withdraw(request.match_info["room"], person, discard=discard)
        return web.json_response({})

    async def stop(self, request: web.Request) -> web.Response:
        body = await _body(request)
        person, role, name, ago = (body.get(key) for key in ("person", "role", "wish", "ago"))
        if not isinstance(ago, int) or isinstance(ago, bool) or ago < 0:
            raise OfferRefused("no time", "bad_request")
        if not all(isinstance(one, str) and 0 < len(one) <= 64 for one in (person, role, name)):
            raise OfferRefused("no wish", "bad_request")
        wish = Wish(str(person), str(role), str(name), time.time() - ago, kept=True)
        self._rooms.stop(request.match_info["room"], wish)
        return web.json_response({})

    async def list(self, _request: web.Request) -> web.Response:
        return web.json_response({"rooms": self._rooms.snapshots()})

    async def health(self, _request: web.Request) -> web.Response:
        return web.json_response(self._rooms.health())

    async def figures(self, _request: web.Request) -> web.Response:
        return web.Response(text=self._rooms.figures())


def _reason(body: dict[str, object]) -> str:
    reason = body.get("reason", "ended")
    if not isinstance(reason, str) or len(reason) > 64:
        raise OfferRefused("no reason", "bad_request")
    return reason


async def _body(request: web.Request) -> dict[str, object]:
    try:
        body = json.loads(await request.text())
    except (ValueError, RecursionError) as error:
        raise OfferRefused("no JSON", "bad_request") from error
    if not isinstance(body, dict):
        raise OfferRefused("no JSON object", "bad_request")
    return body


def _refused(code: str, status: int) -> web.Response:
    return web.json_response({"error": code}, status=status)
