"""`live` and `Pad` without a browser; the browser tests use them as a learner does."""

import base64

import pytest

from helpers import plots
from helpers.widgets import Pad, live
from helpers.widgets.live import VIEW


def line(height=1.0):
    fig, axes = plots.figure(2, 2)
    axes[0, 0].plot([0, height])
    return fig


def test_live_redraws_when_a_control_moves():
    view = live(line, height=(0.0, 2.0, 0.5))
    before = view.still()
    view.controls["height"].value = 2.0
    assert before.startswith(b"\x89PNG")
    assert view.still() != before


def test_live_leaves_a_still_picture():
    bundle = live(line, height=1.0)._repr_mimebundle_()
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")
    assert VIEW in bundle
    assert "0x" not in bundle["text/plain"]


def test_live_shows_text_escaped_and_errors_as_sentences():
    def answer(text="a"):
        if not text:
            raise ValueError("the text is empty; type a word")
        return f"<b>{text}</b>"

    view = live(answer, text="a")
    assert "&lt;b&gt;a" in view.text.value
    view.controls["text"].value = ""
    assert "type a word" in view.text.value
    assert "TypeError" in live(lambda n=1: n + "a", n=(0, 2)).text.value
    assert "image/png" not in view._repr_mimebundle_()


def test_an_error_leaves_the_last_picture_and_text_replaces_it():
    def fn(what="line"):
        if what == "error":
            raise ValueError("no")
        return line() if what == "line" else "text"

    view = live(fn, what=["line", "error", "text"])
    view.controls["what"].value = "error"
    assert view.still() and "no" in view.text.value
    view.controls["what"].value = "text"
    assert not view.still()


def test_live_shows_a_picture_and_text_together():
    view = live(lambda n=1: (line(n), f"height <{n}>"), n=(1, 3))
    before = view.still()
    view.controls["n"].value = 3
    assert "height &lt;3&gt;" in view.text.value
    assert before.startswith(b"\x89PNG") and view.still() != before


def test_controls_are_labelled():
    assert live(line, height=(0.0, 2.0)).controls["height"].description == "height"


def test_what_cannot_be_a_control_is_quoted():
    with pytest.raises(ValueError, match="height=None cannot become a control"):
        live(line, height=None)


def test_pad_shows_a_picture_and_counts_presses():
    pad = Pad()
    pad.show(line())
    assert pad.png().startswith(b"\x89PNG")
    assert (pad.x, pad.y, pad.presses) == (0.5, 0.5, 0)
