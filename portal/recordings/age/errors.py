"""What can be wrong with a key or an encrypted file, each said plainly. No message holds a key or content."""


class AgeError(Exception):
    """Something about age keys or files cannot be done."""


class KeyMalformed(AgeError):
    """A public key or an identity is not written as age writes them."""


class RecipientsRefused(AgeError):
    """A file cannot be encrypted to these recipients: there is none, one is twice, or two kinds are mixed."""


class NotAgeFile(AgeError):
    """The file is not an age file at all."""


class HeaderDamaged(AgeError):
    """The header breaks the format's rules."""


class WrongKey(AgeError):
    """None of the identities opens the file."""


class HeaderForged(AgeError):
    """An identity opens the header, but the header was changed since it was written."""


class ChunkRefused(AgeError):
    """One sealed chunk does not open at its place."""


class PayloadDamaged(AgeError):
    """The payload is not whole.

    Attributes:
        released: plaintext bytes before the damage, all of them authentic.
        chunk: number of the first chunk that does not open.
    """

    def __init__(self, message: str, *, chunk: int, released: int) -> None:
        super().__init__(message)
        self.chunk = chunk
        self.released = released
