"""The links that stop messages one can do without. Nobody can read from them whose they are."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

from portal.db.errors import KeyringError
from portal.db.keyring import Keyring
from portal.messages.errors import StopUnknown

_PURPOSE = "messages.stop"


class Stops:
    """Makes and reads the links' tokens. A token is the subject, sealed; it ends when the data key is replaced."""

    def __init__(self, keyring: Keyring, public_url: str) -> None:
        self._keyring = keyring
        self._public_url = public_url.rstrip("/")

    def url(self, subject: str) -> str:
        """The link for "participant:C-0007"."""
        sealed = self._keyring.seal(_PURPOSE, subject.encode())
        return f"{self._public_url}/stop/{urlsafe_b64encode(sealed).decode().rstrip('=')}"

    def subject(self, token: str) -> str:
        """Whose link it is. Raises StopUnknown."""
        try:
            return self._keyring.open(_PURPOSE, urlsafe_b64decode(token + "=" * (-len(token) % 4))).decode()
        except (KeyringError, ValueError) as error:
            raise StopUnknown("not one of our links, or too old") from error
