"""Passwords for the relay (TURN) that expire by themselves, as coturn's `use-auth-secret` checks them."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

LASTS = timedelta(hours=6)
"""Longer than any interview; a browser that connects again gets fresh ones."""


@dataclass(frozen=True)
class Relay:
    """The relay's addresses and the secret that it shares with us. Without addresses there is none."""

    urls: tuple[str, ...] = ()
    secret: str = ""

    def ice_servers(self, person: str, at: datetime) -> list[dict[str, object]]:
        """For `RTCConfiguration.iceServers`: one entry, or none. The name holds a pseudonym of the room only."""
        if not self.urls:
            return []
        username = f"{int((at + LASTS).timestamp())}:{person}"
        mac = hmac.new(self.secret.encode(), username.encode(), hashlib.sha1).digest()
        credential = base64.b64encode(mac).decode("ascii")
        return [{"urls": list(self.urls), "username": username, "credential": credential}]
