"""A draft transcript, in the ways that programs for qualitative analysis read it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

DRAFT = "DRAFT made by a program: check every word against the recording."


@dataclass(frozen=True)
class Utterance:
    """What somebody said. Times are seconds on the recording's clock."""

    start: float
    end: float
    speaker: str
    text: str


def in_order(spoken: Sequence[Utterance]) -> list[Utterance]:
    """By time; what is empty is left out."""
    return sorted((one for one in spoken if one.text.strip()), key=lambda one: (one.start, one.speaker))


def vtt(spoken: Sequence[Utterance]) -> str:
    """WebVTT with a voice for each speaker."""
    cues = [f"{_span(one)}\n<v {_escaped(one.speaker)}>{_escaped(_line(one))}" for one in spoken]
    return "\n\n".join([f"WEBVTT\n\nNOTE {DRAFT}", *cues]) + "\n"


def nvivo(spoken: Sequence[Utterance]) -> str:
    """The table that NVivo imports as a transcript: timespan, content, speaker, with tabs between."""
    rows = [f"{_short(one.start)} - {_short(one.end)}\t{_line(one)}\t{one.speaker}" for one in spoken]
    return "\n".join(["Timespan\tContent\tSpeaker", f"0:00.0 - 0:00.0\t{DRAFT}\t", *rows]) + "\n"


def atlas(spoken: Sequence[Utterance]) -> str:
    """The text with time stamps that ATLAS.ti synchronises with the recording."""
    rows = [f"{one.speaker}: {_line(one)} {_stamp(one.end)}" for one in spoken]
    return "\n\n".join([DRAFT, _stamp(0), *rows]) + "\n"


FORMATS: Mapping[str, Callable[[Sequence[Utterance]], str]] = {
    "transcript.vtt": vtt,
    "transcript-nvivo.txt": nvivo,
    "transcript-atlasti.txt": atlas,
}


def _span(one: Utterance) -> str:
    return f"{_clock(one.start)} --> {_clock(max(one.end, one.start + 0.001))}"


def _line(one: Utterance) -> str:
    return " ".join(one.text.split())


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _parts(seconds: float) -> tuple[int, int, int, int]:
    total = round(seconds * 1000)
    return total // 3_600_000, total // 60_000 % 60, total // 1000 % 60, total % 1000


def _clock(seconds: float) -> str:
    hours, minutes, whole, thousandths = _parts(seconds)
    return f"{hours:02}:{minutes:02}:{whole:02}.{thousandths:03}"


def _short(seconds: float) -> str:
    hours, minutes, whole, thousandths = _parts(seconds)
    start = f"{hours}:{minutes:02}" if hours else str(minutes)
    return f"{start}:{whole:02}.{thousandths // 100}"


def _stamp(seconds: float) -> str:
    hours, minutes, whole, thousandths = _parts(seconds)
    return f"#{hours:02}:{minutes:02}:{whole:02}-{thousandths // 100}#"
