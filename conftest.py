"""Every test: one thread, so that numbers repeat; a progress file of its own; nbval taught what `freeze` stores."""

import os
import tempfile
from pathlib import Path

import pytest
from nbformat.notebooknode import from_dict
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbCell, IPyNbFile
from tools.notebooks import still

_temporary = tempfile.TemporaryDirectory(prefix="course-tests-")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # kernels and subprocesses inherit all of these
os.environ["COURSE_PROGRESS"] = str(Path(_temporary.name, "progress.json"))
os.environ.pop("COURSE_STRICT", None)


def pytest_configure(config: pytest.Config) -> None:
    """Let nbval run cells as Jupyter does, and compare what a reader of the stored notebook sees."""
    config.option.nbval_sanitize_with = str(Path(__file__).parent / "tests" / "nbval_sanitize.cfg")
    RunningKernel.execute_cell_input = _execute_cell_input
    IPyNbFile.setup = _with_own_progress(IPyNbFile.setup)
    IPyNbFile.get_kernel_message = _with_updates(IPyNbFile.get_kernel_message)
    IPyNbCell.compare_outputs = _of_stills(IPyNbCell.compare_outputs)


def _execute_cell_input(self: RunningKernel, cell_input: str, allow_stdin: bool | None = None) -> str:
    """Honour a trailing `;`, which IPython does only for cells in its history (nbval issue 194)."""
    return self.kc.execute(cell_input, store_history=True, allow_stdin=allow_stdin, stop_on_error=False)


def _with_own_progress(setup):
    """Start each notebook's kernel as a new learner's."""

    def start(self: IPyNbFile) -> None:
        shared = os.environ["COURSE_PROGRESS"]
        os.environ["COURSE_PROGRESS"] = f"{shared}.{self.path.stem}"
        try:
            setup(self)
        finally:
            os.environ["COURSE_PROGRESS"] = shared

    return start


def _with_updates(get_kernel_message):
    """Replace a display's content when the kernel updates it, as a front end does; nbval would keep the first state."""

    def get(self: IPyNbFile, *args, **kwargs) -> dict:
        message = get_kernel_message(self, *args, **kwargs)
        content, kind = message["content"], message["msg_type"]
        displays = self.__dict__.setdefault("_displays", {})
        key = content.get("transient", {}).get("display_id")
        if key and kind == "display_data":
            content["data"] = from_dict(content["data"])  # nbval copies any other kind of dict
            displays.setdefault(key, []).append(content["data"])
        elif key and kind == "update_display_data":
            for data in displays.get(key, []):
                data.clear()
                data.update(content["data"])
            message["msg_type"] = "comm_msg"  # nbval passes over it
        return message

    return get


def _of_stills(compare_outputs):
    """Compare outputs as they are stored, without widget views."""

    def compare(self: IPyNbCell, test, ref, skip_compare=None) -> bool:
        return compare_outputs(self, still(test), still(ref), skip_compare)

    return compare
