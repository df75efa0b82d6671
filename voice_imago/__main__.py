"""``python -m voice_imago``: the only place where an error becomes two plain lines and an exit code."""

from __future__ import annotations

import os
import sys

from voice_imago.errors import VoiceImagoError

__all__ = ["main"]

SILENT = {"ORT_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}
"""For this process and its children, before any of them is imported: onnxruntime reports its use to its maker as soon
as it is imported (a device id in the cache folder, uploads when there is a network)."""

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "VECLIB_MAXIMUM_THREADS": "1"}
"""Small matrices gain nothing from a second thread; it only spins on the core that plays and listens."""


def main() -> int:
    """Run the command line. 0 done, 1 a fault while running, 2 wrong usage or invalid file, 3 no usable device."""
    os.environ.update(SILENT)
    for name, value in ONE_THREAD.items():
        os.environ.setdefault(name, value)
    from voice_imago import output
    from voice_imago.cli import main as run

    debug = "--debug" in sys.argv
    try:
        return run()
    except VoiceImagoError as error:
        if debug:
            raise
        output.error(str(error))
        _say(error)
        return error.exit_code
    except KeyboardInterrupt:
        output.error("Stopped.")
        return 1
    except BrokenPipeError:
        return 1
    except Exception as error:
        if debug:
            raise
        output.error(f"Something unexpected happened: {type(error).__name__}: {error}. Nothing of yours is lost.")
        output.error("Run the same command with --debug to see where, and please report it.")
        return 1


def _say(error: VoiceImagoError) -> None:
    """Whoever begins by ear hears as well what keeps the evening from beginning."""
    from voice_imago.cli import commands_words
    from voice_imago.runtime.printed_aloud import say_error

    say_error(error, commands_words(sys.argv[1:]))


if __name__ == "__main__":
    sys.exit(main())
