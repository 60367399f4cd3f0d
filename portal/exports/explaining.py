"""The text that explains an archive, in the language of whoever took it out."""

from collections.abc import Iterable

from portal.exports.domain import Reader, Words

Line = tuple[str, Words]
"""A file or folder of the archive, and what is in it."""


def listed(files: Iterable[Line], reader: Reader) -> tuple[str, ...]:
    """The files one below the other, with what is in them beside."""
    known = tuple(files)
    wide = max(len(name) for name, _ in known)
    return tuple(f"{name:{wide}}  {reader.tell(what)}" for name, what in known)


def text(paragraphs: Iterable[Iterable[Words]], reader: Reader) -> bytes:
    """Paragraphs of lines."""
    return "\n".join("".join(f"{reader.tell(line)}\n" for line in one) for one in paragraphs).encode("utf-8")
