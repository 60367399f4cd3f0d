"""A browser whose network changes, as that of a phone which leaves the house: Linux network namespaces, as root.

Its loopback address leads to this machine's through whichever network is there, so that pages are secure contexts.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from portal.settings import ROOT
from tests.support.browsers import CHROMIUM

_NOBODY = "02:00:00:00:00:01"


class TwoNetworks:
    """The first one is there, the second not yet. `host` is what both reach this machine by."""

    def __init__(self, number: int) -> None:
        """`number` tells this one apart from others on the machine: 1 to 254."""
        self.name, self._number, self._net = f"away{number}", number, 1
        self.host = f"10.{number}.0.1"
        self._forwarders: list[subprocess.Popen[bytes]] = []

    def make(self) -> None:
        self._ip(f"netns add {self.name}")
        self._ip(f"addr add {self.host}/32 dev lo")
        for net in (1, 2):
            self._ip(f"link add {self._end(net)} type veth peer name net{net} netns {self.name}")
            self._ip(f"addr add 10.{self._number}.{net}.1/24 dev {self._end(net)}")
            self._ip(f"link set {self._end(net)} up")
        self._inside("link set lo up")
        self._join(1)

    def switch(self) -> None:
        """The network that was there is gone, and the other is there: another interface, another address."""
        self._inside(f"link set net{self._net} down")
        self._inside(f"addr flush dev net{self._net}")
        self._net = 3 - self._net
        self._join(self._net)

    def cut(self) -> None:
        """Nothing comes through any more, though interface and address stay: frames go to whom nobody is."""
        for prefix, address, end in self._hops():
            self._ip(f"{prefix}neigh replace {address} lladdr {_NOBODY} dev {end} nud permanent")

    def mend(self) -> None:
        """Everything comes through again."""
        for prefix, address, end in self._hops():
            self._ip(f"{prefix}neigh del {address} dev {end}")

    def browser(self, folder: Path) -> Path:
        """Chromium in there, as an executable."""
        script = folder / "chromium"
        script.write_text(f'#!/bin/sh\nexec ip netns exec {self.name} {CHROMIUM} "$@"\n', encoding="ascii")
        script.chmod(0o700)
        return script

    def forward(self, port: int) -> None:
        """Lead the port of the loopback address in there to the one here."""
        for prefix, listen, target in (
            ([], self.host, "127.0.0.1"), (["ip", "netns", "exec", self.name], "127.0.0.1", self.host),
        ):  # fmt: skip
            command = [*prefix, sys.executable, "-m", __name__, listen, str(port), target]
            started = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
            assert started.stdout is not None
            assert started.stdout.readline() == b"listening\n"
            self._forwarders.append(started)

    def close(self) -> None:
        for one in self._forwarders:
            one.kill()
            one.communicate()
        for net in (1, 2):
            subprocess.run(["ip", "link", "del", self._end(net)], check=False, stderr=subprocess.DEVNULL)
        subprocess.run(["ip", "addr", "del", f"{self.host}/32", "dev", "lo"], check=False, stderr=subprocess.DEVNULL)
        subprocess.run(["ip", "netns", "del", self.name], check=False, stderr=subprocess.DEVNULL)

    def _hops(self) -> list[tuple[str, str, str]]:
        """Either side of the network that is there: where `ip` works, its neighbour, its interface."""
        net = f"10.{self._number}.{self._net}"
        return [("", f"{net}.2", self._end(self._net)), (f"-n {self.name} ", f"{net}.1", f"net{self._net}")]

    def _end(self, net: int) -> str:
        return f"{self.name}n{net}"

    def _join(self, net: int) -> None:
        self._inside(f"addr add 10.{self._number}.{net}.2/24 dev net{net}")
        self._inside(f"link set net{net} up")
        self._inside(f"route add default via 10.{self._number}.{net}.1")

    def _inside(self, command: str) -> None:
        self._ip(f"-n {self.name} {command}")

    def _ip(self, command: str) -> None:
        subprocess.run(["ip", *command.split()], check=True, capture_output=True)


@contextmanager
def two_networks(number: int) -> Iterator[TwoNetworks]:
    """Both, surely taken away."""
    made = TwoNetworks(number)
    try:
        made.make()
        yield made
    finally:
        made.close()


async def _forward(listen: str, port: int, target: str) -> None:
    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            onward_reader, onward_writer = await asyncio.open_connection(target, port)
            await asyncio.gather(_copy(reader, onward_writer), _copy(onward_reader, writer))

    server = await asyncio.start_server(one, listen, port)
    sys.stdout.write("listening\n")
    sys.stdout.flush()
    await server.serve_forever()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(65_536):
            target.write(data)
            await target.drain()
    target.close()


if __name__ == "__main__":
    asyncio.run(_forward(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
