"""Asks the media process: over its Unix socket on this machine, over TCP with the shared key on another."""

import http.client
import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

import structlog

from portal.rooms.errors import MediaAway, MediaFull, OfferRefused, RoomEnded, RoomFull
from portal.rooms.tickets import Role

log = structlog.get_logger(__name__)
_PATIENCE = 10.0
"""Seconds. Making an answer takes milliseconds; a browser waits no longer than this either."""
_SHORT_PATIENCE = 1.0
"""For what a duty says again, while somebody waits for her page."""
_LARGEST_ANSWER = 1_000_000
_REFUSED: dict[str, type[Exception]] = {
    "offer_refused": OfferRefused,
    "not_relayed": OfferRefused,
    "bad_request": OfferRefused,
    "room_full": RoomFull,
    "room_ended": RoomEnded,
    "busy": MediaFull,
}
"""Why nobody can join, by code. Whatever else is asked for can be asked again in a moment: MediaAway."""


class Media(Protocol):
    """What the web process asks of the media process."""

    def join(self, room: str, ticket: str, sdp: str) -> str:
        """The answer (SDP) to an offer (SDP).

        Raises:
            OfferRefused, RoomFull, RoomEnded, MediaFull, MediaAway
        """

    def end(self, room: str, reason: str, *, spare_talk: bool = False) -> bool:
        """End the room for all and tell them why. Raises MediaAway.

        Args:
            spare_talk: not while the participant and the team are in a call.

        Returns:
            Whether it is ended.
        """

    def clear(self, room: str, reason: str) -> bool:
        """Put out everybody and tell them why, unless the participant and the team are in a call; the room can be used
        again. Gives whether nobody is in it. Raises MediaAway.
        """

    def stop(self, room: str, person: str, role: Role, *, name: str, ago: int) -> None:
        """Somebody said so many seconds ago that she needs to stop; done once by the name. Raises MediaAway."""

    def withdraw(self, room: str, person: str, *, discard: bool) -> None:
        """Stop recording this person at once, and perhaps remove what was recorded. Raises MediaAway."""


class HttpMedia:
    """The real one. Thread-safe: each request has a connection of its own."""

    def __init__(self, address: Path | tuple[str, int], key: bytes) -> None:
        self._address = address
        self._key = key

    def join(self, room: str, ticket: str, sdp: str) -> str:
        """See Media."""
        body = {"ticket": ticket, "offer": {"type": "offer", "sdp": sdp}}
        answer = self._post(f"/rooms/{quote(room)}/join", body, refusals=_REFUSED).get("answer")
        if not isinstance(answer, dict) or not isinstance(answer.get("sdp"), str):
            raise MediaAway("the media process answered without an answer")
        return str(answer["sdp"])

    def end(self, room: str, reason: str, *, spare_talk: bool = False) -> bool:
        """See Media."""
        body = {"reason": reason} | ({"spare_talk": True} if spare_talk else {})
        return self._post(f"/rooms/{quote(room)}/end", body).get("done") is not False

    def clear(self, room: str, reason: str) -> bool:
        """See Media."""
        return self._post(f"/rooms/{quote(room)}/clear", {"reason": reason}).get("done") is not False

    def stop(self, room: str, person: str, role: Role, *, name: str, ago: int) -> None:
        """See Media."""
        body = {"person": person, "role": role.value, "wish": name, "ago": ago}
        self._post(f"/rooms/{quote(room)}/stop", body, patience=_SHORT_PATIENCE)

    def withdraw(self, room: str, person: str, *, discard: bool) -> None:
        """See Media."""
        self._post(f"/rooms/{quote(room)}/withdraw", {"person": person, "discard": discard})

    def healthy(self) -> str:
        """ "ok", or what is wrong, for the health page."""
        try:
            status, _ = self._request("GET", "/healthz", None)
        except MediaAway:
            return "not reached"
        return "ok" if status == http.client.OK else f"answers {status}"

    def _post(
        self,
        path: str,
        body: Mapping[str, object],
        *,
        patience: float = _PATIENCE,
        refusals: Mapping[str, type[Exception]] | None = None,
    ) -> Mapping[str, object]:
        status, answer = self._request("POST", path, json.dumps(body), patience)
        if status == http.client.OK:
            return answer
        code = str(answer.get("error", ""))
        log.warning("the media process refused", status=status, code=code)
        raise (refusals or {}).get(code, MediaAway)(f"the media process refused: {status} {code}")

    def _request(
        self, method: str, path: str, body: str | None, patience: float = _PATIENCE
    ) -> tuple[int, Mapping[str, object]]:
        connection = self._connection(patience)
        headers = {"Authorization": f"Bearer {self._key.decode('ascii')}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            answer = json.loads(response.read(_LARGEST_ANSWER))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise MediaAway(f"the media process does not answer: {type(error).__name__}") from error
        finally:
            connection.close()
        return response.status, answer if isinstance(answer, dict) else {}

    def _connection(self, patience: float) -> http.client.HTTPConnection:
        if isinstance(self._address, Path):
            return _UnixConnection(self._address, patience)
        return http.client.HTTPConnection(*self._address, timeout=patience)


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a socket in the file system."""

    def __init__(self, path: Path, patience: float) -> None:
        super().__init__("localhost", timeout=patience)
        self._path = path

    def connect(self) -> None:
        """Open the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))
