"""Hands letters over to GOV.UK Notify, which sends e-mails and text messages for public services.

The words stay ours: at Notify there is one template for e-mails, with ((subject)) and ((body)), and one for text
messages, with ((body)). Files cannot go along; the messages say where they are found after sign-in.
"""

from collections.abc import Mapping

import requests
from notifications_python_client.errors import APIError, HTTPError
from notifications_python_client.notifications import NotificationsAPIClient

from portal.messages.domain import Bounced, Channel, Letter, Outcome
from portal.messages.errors import HalfSent, NotSent, Refused, ServiceDown

_MOST_PAGES = 40
"""Of 250 messages each."""
_BACK = {
    "permanent-failure": Outcome.REFUSED,
    "temporary-failure": Outcome.EXHAUSTED,  # a full mailbox, a telephone that is off: tried for up to three days
    "technical-failure": Outcome.UNSURE,
}
_ADDRESS = ("email_address", "phone_number")
_NEVER_REACHED = (requests.ConnectTimeout, requests.exceptions.SSLError, requests.exceptions.ProxyError)


class NotifySender:
    """One service at Notify. Used by one thread."""

    def __init__(self, api_key: str, url: str, *, email_template: str, sms_template: str, patience: float = 10) -> None:
        self._client = NotificationsAPIClient(api_key, base_url=url, timeout=patience)
        self._email_template = email_template
        self._sms_template = sms_template

    def send(self, letter: Letter) -> None:
        """Hand one over. Raises NotSent, Refused, HalfSent, ServiceDown."""
        try:
            self._post(letter)
        except HTTPError as error:
            judged = _judged(error)
            if isinstance(judged, HalfSent) and self._has(letter.message_id):
                return
            raise judged from error
        except APIError as error:  # taken, it seems, but the answer is no JSON
            if not self._has(letter.message_id):
                raise HalfSent("answer unreadable") from error

    def bounced(self) -> list[Bounced]:
        """What Notify took during the last week and could not deliver. Raises ServiceDown."""
        found: list[Bounced] = []
        try:
            last = None
            for _ in range(_MOST_PAGES):
                page = self._client.get_all_notifications(status="failed", older_than=last)["notifications"]
                if not page:
                    break
                found += [_bounced(one) for one in page if one["reference"] and one["status"] in _BACK]
                last = page[-1]["id"]
        except (APIError, TypeError, KeyError, IndexError) as error:
            raise ServiceDown("no answer, or none that can be read") from error
        return found

    def close(self) -> None:
        """Give the connections back."""
        self._client.request_session.close()

    def _post(self, letter: Letter) -> None:
        if letter.channel is Channel.SMS:
            self._client.send_sms_notification(
                letter.to, self._sms_template, {"body": letter.text}, reference=letter.message_id
            )
            return
        self._client.send_email_notification(
            letter.to, self._email_template, {"subject": letter.subject, "body": letter.text},
            reference=letter.message_id, one_click_unsubscribe_url=letter.stop_url or None,
        )  # fmt: skip

    def _has(self, reference: str) -> bool:
        """Whether Notify knows the letter after all. Not knowing proves nothing: it may be slow to tell."""
        try:
            found = self._client.get_all_notifications(reference=reference)
        except APIError:
            return False
        return isinstance(found, dict) and bool(found.get("notifications"))


def _bounced(told: Mapping[str, str | None]) -> Bounced:
    address = told["email_address"] or told["phone_number"] or ""
    return Bounced(str(told["reference"]), _BACK[str(told["status"])], address)


def _judged(error: HTTPError) -> NotSent | Refused | HalfSent | ServiceDown:
    """Whose fault it is. The answer's words may hold the address: not kept."""
    if error.response is None:
        cause = error.__cause__
        refused = isinstance(cause, requests.ConnectionError) and "NewConnectionError" in str(cause)
        never = refused or isinstance(cause, _NEVER_REACHED)
        return ServiceDown("not reached") if never else HalfSent("no answer")
    code = error.status_code
    if code == 400:
        return Refused("400") if any(word in str(error.message) for word in _ADDRESS) else NotSent("400")
    if code in (401, 403, 404, 429, 503):
        return ServiceDown(str(code))
    return HalfSent(str(code))
