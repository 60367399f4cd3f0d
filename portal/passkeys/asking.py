"""The question that a page puts to a passkey: kept in the session, good for one answer."""

from flask import session

from portal.passkeys.domain import CHALLENGE_LASTS, Question
from portal.passkeys.errors import PasskeyRefused
from portal.passkeys.service import PasskeyService
from portal.web.services import service
from portal.web.sessions import SessionStore

_KEY = "passkey_challenge"


def put(question: Question) -> str:
    """Remember the question; gives its options for the page."""
    session[_KEY] = [question.challenge.hex(), service(SessionStore).clock().timestamp()]
    return question.options


def take() -> bytes:
    """The challenge of the question last put. Raises PasskeyRefused if there is none, or it is too old."""
    kept = session.pop(_KEY, None)
    if kept is None or service(SessionStore).clock().timestamp() - kept[1] > CHALLENGE_LASTS.total_seconds():
        raise PasskeyRefused("no question was put lately")
    return bytes.fromhex(kept[0])


def sign_in_options(owner: str = "") -> str:
    """For a page on which somebody may sign in by passkey: the question, or "" where passkeys do not work."""
    passkeys = service(PasskeyService)
    if not passkeys.available or (owner and not passkeys.has_any(owner)):
        return ""
    return put(passkeys.ask(owner or None))
