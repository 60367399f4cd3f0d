"""A check of the relay (TURN): it answers, takes our credentials, and gives us a port."""

import asyncio
import re
from datetime import datetime
from typing import cast

from aioice import stun, turn

from portal.operations.domain import Finding, failing, ok, warning
from portal.rooms.turn import Relay
from portal.sentence import said

_PATIENCE = 5.0
_URL = re.compile(
    r"(?P<scheme>turns?):(?P<host>\[[0-9a-fA-F:]+\]|[^:?\[\]]+)(?::(?P<port>\d+))?(?:\?transport=(?P<over>udp|tcp))?"
)
_PORTS = {"turn": 3478, "turns": 5349}
_REMEDY = said(
    "Check coturn's log, that its secret is PORTAL_TURN_SECRET, and that the firewall lets its ports through."
)


def relay(configured: Relay, at: datetime, *, alone: bool = False) -> Finding:
    """Every address of the relay, asked for an allocation as a browser would.

    Args:
        alone: the study sends every call through the relay.
    """
    part = "relay"
    if not configured.urls and alone:
        return failing(
            part, said("none is set, and the study sends every call through one (relay_only): nobody can join"),
            said("Set up coturn (docs/deployment.md) and PORTAL_TURN_URLS."),
        )  # fmt: skip
    if not configured.urls:
        return warning(
            part, said("none is set: people behind strict firewalls, as in many hospitals, cannot join"),
            said("Set up coturn (docs/deployment.md) and PORTAL_TURN_URLS."),
        )  # fmt: skip
    server = configured.ice_servers("doctor", at)[0]
    name, password = str(server["username"]), str(server["credential"])
    for url in configured.urls:
        found = _URL.fullmatch(url)
        if found is None:
            return failing(
                part, said("%(url)s is not an address like turn:host:3478", url=url), said("Mend PORTAL_TURN_URLS.")
            )
        try:
            asyncio.run(asyncio.wait_for(_allocate(found, name, password), _PATIENCE))
        except stun.TransactionFailed:
            return failing(part, said("%(url)s refuses our credentials", url=url), _REMEDY)
        except (OSError, TimeoutError, stun.TransactionTimeout, ConnectionError) as error:
            return failing(part, said("%(url)s does not answer (%(why)s)", url=url, why=type(error).__name__), _REMEDY)
    return ok(part, said("%(count)s addresses answer and take our credentials", count=len(configured.urls)))


async def _allocate(url: re.Match[str], name: str, password: str) -> None:
    scheme = url["scheme"]
    address = url["host"].strip("[]"), int(url["port"] or _PORTS[scheme])
    over = "tcp" if scheme == "turns" else url["over"] or "udp"
    transport, _ = await turn.create_turn_endpoint(
        asyncio.DatagramProtocol, server_addr=address, username=name, password=password, ssl=scheme == "turns",
        transport=over,
    )  # fmt: skip
    cast(asyncio.DatagramTransport, transport).close()
    await asyncio.sleep(0.2)  # the allocation is given back in a task of its own
