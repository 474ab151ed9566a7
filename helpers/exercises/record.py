"""The learner's progress in a small local file; it never leaves the machine."""

import json
import os
import sys
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

WAIT_SECONDS = 5.0  # for another notebook that writes


def path() -> Path:
    """The progress file: COURSE_PROGRESS if set, otherwise `progress.json` beside the notebooks' folder."""
    return Path(os.environ.get("COURSE_PROGRESS") or Path(__file__).resolve().parents[2] / "progress.json")


def read() -> dict[str, str]:
    """Exercise name -> "done" or "wrong"; empty if there is no file, or if it is damaged."""
    try:
        states = json.loads(path().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(k): str(v) for k, v in states.items()} if isinstance(states, dict) else {}


def write(name: str, state: str) -> None:
    """Note an exercise's state; once done it stays done. A file that cannot be written costs a line, not the lesson."""
    temporary = path().with_name(f"{path().name}.{os.getpid()}")
    try:
        with FileLock(path().with_name(f"{path().name}.lock"), timeout=WAIT_SECONDS):
            states = read()
            if states.get(name) == "done":
                return
            _keep_damaged()
            temporary.write_text(json.dumps(states | {name: state}, indent=1, sort_keys=True), encoding="utf-8")
            os.replace(temporary, path())
    except (OSError, Timeout) as error:
        print(f"Progress could not be saved in {path().name} ({error}); your answer still counts.", file=sys.stderr)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _keep_damaged() -> None:
    """Move a file that is not ours to read aside, so that nothing of the learner's is lost."""
    if path().exists() and path().stat().st_size and not read():
        os.replace(path(), path().with_name(f"{path().name}.damaged"))
