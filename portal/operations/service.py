"""Examine the whole portal, part by part."""

from collections.abc import Sequence

import structlog

from portal.operations.domain import Check, Finding, failing
from portal.sentence import said

log = structlog.get_logger(__name__)


class Doctor:
    """Runs every check. One that breaks is itself a finding and holds up no other."""

    def __init__(self, checks: Sequence[tuple[str, Check]]) -> None:
        self._checks = tuple(checks)

    def examine(self) -> tuple[Finding, ...]:
        """What each check found, in order."""
        return tuple(_look(part, check) for part, check in self._checks)


def _look(part: str, check: Check) -> Finding:
    try:
        return check()
    except Exception as error:  # noqa: BLE001 - a broken check is told of, and the next ones still run
        log.error("check failed", part=part, error=type(error).__name__)
        return failing(
            part,
            said("could not be checked (%(why)s)", why=type(error).__name__),
            said("Look into the log of the portal."),
        )
