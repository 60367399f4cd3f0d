"""How the media process is started: what it remembers lies together, in large pages.

A processor that has slept since the last packet must first find the way to each page of memory again. With one room
that is much of its work, since Python's own arenas leave what a packet needs scattered over hundreds of pages of 4 KiB.
Both settings are read when a process starts, so whoever starts it gives them. docs/adr/0013 has the figures.
"""

import sys
from collections.abc import Mapping

COMMAND = (sys.executable, "-m", "portal.rooms.media")
_TUNABLE = "glibc.malloc.hugetlb"


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """The environment to start it in. What the operator has set stays.

    - `PYTHONMALLOC=malloc`: all objects in the one heap of the C library, not in arenas of 1 MiB each.
    - `GLIBC_TUNABLES=glibc.malloc.hugetlb=1`: glibc asks for transparent huge pages where the kernel gives them on
      request. Older versions, kernels without them and other C libraries pass it over.
    """
    tunables = [one for one in given.get("GLIBC_TUNABLES", "").split(":") if one]
    if not any(one.partition("=")[0] == _TUNABLE for one in tunables):
        tunables.append(f"{_TUNABLE}=1")
    return {"PYTHONMALLOC": "malloc", **given, "GLIBC_TUNABLES": ":".join(tunables)}
