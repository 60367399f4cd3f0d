"""What can go wrong with passkeys."""


class PasskeyRefused(Exception):
    """The answer is not one to our question, or not by a passkey that we know. Which of them is not told."""


class TooManyPasskeys(Exception):
    """This person has as many as anybody may have."""
