"""The learner's progress in a small local file; it never leaves the machine."""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STALE_SECONDS = 5.0


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
    try:
        with _alone():
            states = read()
            if states.get(name) == "done":
                return
            _keep_damaged()
            states[name] = state
            temporary = path().with_name(f"{path().name}.{os.getpid()}")
            temporary.write_text(json.dumps(states, indent=1, sort_keys=True), encoding="utf-8")
            os.replace(temporary, path())
    except OSError as error:
        print(
            f"Progress could not be saved in {path().name} ({error.strerror}); your answer still counts.",
            file=sys.stderr,
        )


def _keep_damaged() -> None:
    """Move a file that is not ours to read aside, so that nothing of the learner's is lost."""
    if path().exists() and path().stat().st_size and not read():
        os.replace(path(), path().with_name(f"{path().name}.damaged"))


@contextmanager
def _alone() -> Iterator[None]:
    """Hold a lock file, so that two notebooks can write at once; one left by a crash is taken over."""
    lock = path().with_name(f"{path().name}.lock")
    began = time.monotonic()
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
            break
        except FileExistsError:
            if time.monotonic() - began > STALE_SECONDS:
                lock.unlink(missing_ok=True)
            time.sleep(0.02)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
