"""The course map, read from the README so that it is written once."""

from pathlib import Path

from IPython.display import Markdown

README = Path(__file__).resolve().parent.parent / "README.md"


def lesson_table() -> Markdown:
    """The README's table of lessons: question, data, measured minutes and memory, result.

    Raises:
        ValueError: If the README holds no such table.
    """
    lines = README.read_text(encoding="utf-8").splitlines()
    begin = next((i for i, line in enumerate(lines) if line.startswith("| lesson |")), None)
    if begin is None:
        raise ValueError(f"{README.name} has no table that starts with '| lesson |'; put it back.")
    end = next((i for i in range(begin, len(lines)) if not lines[i].startswith("|")), len(lines))
    return Markdown("\n".join(lines[begin:end]).replace("](notebooks/", "]("))
