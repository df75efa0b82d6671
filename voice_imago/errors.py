"""Every way the program can say that something is wrong: one sentence what, one sentence what to do.

    VoiceImagoError(message, hint)
    ├─ UsageError        the command was not understood                      exit code 2
    ├─ FileError         a file is missing, unreadable or cannot be written  exit code 2
    │  ├─ PromptError    prompts/ has problems (all of them listed)
    │  └─ SceneError     a scene has problems (all of them listed)
    ├─ DeviceError       no usable microphone or loudspeaker                 exit code 3
    ├─ ModelError        a speech model is missing or damaged                exit code 2
    │  └─ LanguageError  it is whole, and does not know the language
    ├─ JournalError      the journal cannot be written, or not be kept on    exit code 1
    ├─ VaultError        encryption: not installed, or a wrong passphrase    exit code 2
    ├─ RecognitionError  one piece could not be recognised; the session goes on
    └─ VoiceError        one prompt could not be rendered; the session goes on

Silence, an unknown speaker and low confidence are facts, not errors.
Engines translate foreign exceptions into these once, ``from`` the original; ``__main__`` prints message and
hint as two plain lines and returns ``exit_code``. Nobody else catches broadly.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = [
    "DeviceError",
    "FileError",
    "JournalError",
    "LanguageError",
    "ModelError",
    "PromptError",
    "RecognitionError",
    "SceneError",
    "UsageError",
    "VaultError",
    "VoiceError",
    "VoiceImagoError",
]


class VoiceImagoError(Exception):
    """Base of all errors a user may meet: what happened (``message``) and what to do (``hint``)."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(VoiceImagoError):
    """The command or one of its values was not understood."""

    exit_code = 2


class FileError(VoiceImagoError):
    """A file is missing, unreadable, of the wrong kind, or cannot be written."""

    exit_code = 2


class _ListedError(FileError):
    """A file error that lists every problem at once, one a line."""

    def __init__(self, message: str, problems: Sequence[str] = (), hint: str = "") -> None:
        super().__init__(message, hint)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join([self.message, *self.problems, *([self.hint] if self.hint else [])])


class PromptError(_ListedError):
    """The prompts are not usable; ``problems`` names file, key and step of each problem."""


class SceneError(_ListedError):
    """A scene is not usable; ``problems`` names each problem."""


class DeviceError(VoiceImagoError):
    """No usable microphone or loudspeaker, or it was lost."""

    exit_code = 3


class ModelError(VoiceImagoError):
    """A speech model is missing, damaged or foreign."""

    exit_code = 2


class LanguageError(ModelError):
    """A speech model is whole, but does not know the language that is spoken."""


class JournalError(VoiceImagoError):
    """The journal cannot be read or written just now; ``code`` is that of the spoken fault."""

    def __init__(self, message: str, hint: str = "", code: str = "failed") -> None:
        super().__init__(message, hint)
        self.code = code


class VaultError(VoiceImagoError):
    """What encrypts is not installed, or the passphrase does not open what is locked."""

    exit_code = 2


class RecognitionError(VoiceImagoError):
    """One piece of speech could not be recognised; the session goes on without its text."""


class VoiceError(VoiceImagoError):
    """One prompt could not be rendered; the session goes on with text."""
