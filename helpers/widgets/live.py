"""`live`: controls that redraw a picture. `Pad`: a picture that answers the pointer and the arrow keys."""

import base64
import html
from collections.abc import Callable
from typing import Any

import anywidget
import ipywidgets as w
import traitlets
from matplotlib.figure import Figure

from helpers.plots import png

VIEW = "application/vnd.jupyter.widget-view+json"
Shown = Figure | str | tuple[Figure, str]


class View:
    """A widget that leaves a still picture where widgets do not live: on the web, on paper, in a stored notebook."""

    widget: w.Widget
    name = "view"

    def still(self) -> bytes:
        """PNG bytes of what the widget shows now; empty if it shows text only."""
        return b""

    def __repr__(self) -> str:
        return f"<{self.name}: run this cell to use it>"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        bundle = dict(self.widget._repr_mimebundle_())
        bundle["text/plain"] = repr(self)
        if still := self.still():
            bundle["image/png"] = base64.b64encode(still).decode()
        return bundle


class Live(View):
    """Controls above a picture or text that a function makes from their values; see `live`."""

    def __init__(self, fn: Callable[..., Shown], controls: dict[str, Any]) -> None:
        self.fn = fn
        self.name = getattr(fn, "__name__", "live").replace("_", " ")
        self.controls = {key: _control(key, value) for key, value in controls.items()}
        self.picture = w.Image(format="png", layout=w.Layout(align_self="flex-start", max_width="100%"))
        self.text = w.HTML()
        self.widget = w.VBox([*self.controls.values(), self.picture, self.text])
        for control in self.controls.values():
            control.observe(self.update, "value")
        self.update()

    def update(self, change: object = None) -> None:
        """Call the function with the controls' values and show what it returns; an error leaves the last picture."""
        try:
            out = self.fn(**{key: control.value for key, control in self.controls.items()})
        except Exception as error:  # a traceback would end in a log that nobody sees
            self._say(str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}")
            return
        fig, text = out if isinstance(out, tuple) else (out, "") if isinstance(out, Figure) else (None, str(out))
        self.picture.value = png(fig) if fig else b""
        self._say(text)

    def _say(self, text: str) -> None:
        self.text.value = f'<pre role="status">{html.escape(text)}</pre>' if text else ""

    def still(self) -> bytes:
        return bytes(self.picture.value)


def live(fn: Callable[..., Shown], **controls: Any) -> Live:
    """Redraw `fn(...)` whenever a control moves.

    Args:
        fn: Returns a Figure, text, or both, as (Figure, text); words are quicker as text than drawn. An error that
            it raises is shown as its message.
        controls: A widget, or the short form of one: `(low, high)`, `(low, high, step)`, a list, True, a number, text.
    """
    return Live(fn, controls)


def _control(name: str, value: Any) -> w.Widget:
    control = value if isinstance(value, w.Widget) else w.interactive.widget_from_abbrev(value)
    if control is None:
        raise ValueError(f"{name}={value!r} cannot become a control; give a range, a list, True, a number or text.")
    control.description = control.description or name.replace("_", " ")
    control.style.description_width = "initial"
    return control


_PAD_JS = """
function render({ model, el }) {
  const img = document.createElement("img");
  img.tabIndex = 0; img.draggable = false; img.setAttribute("role", "application");
  img.className = "course-pad";
  const show = () => { img.src = "data:image/png;base64," + model.get("png64"); };
  const name = () => { img.alt = model.get("label"); img.setAttribute("aria-label", model.get("label")); };
  const clamp = v => Math.min(1, Math.max(0, v));
  const put = (x, y, press) => {
    model.set("x", clamp(x)); model.set("y", clamp(y));
    if (press) model.set("presses", model.get("presses") + 1);
    model.save_changes();
  };
  const at = (e, press) => {
    const box = img.getBoundingClientRect();
    put((e.clientX - box.left) / box.width, 1 - (e.clientY - box.top) / box.height, press);
  };
  let down = false;
  img.addEventListener("pointerdown", e => {
    down = true; img.focus(); img.setPointerCapture(e.pointerId); at(e, true);
  });
  img.addEventListener("pointermove", e => { if (down) at(e, model.get("draws")); });
  img.addEventListener("pointerup", () => { down = false; });
  img.addEventListener("pointercancel", () => { down = false; });
  img.addEventListener("keydown", e => {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[e.key];
    const press = e.key === "Enter" || e.key === " ";
    if (!move && !press) return;
    const [dx, dy] = move || [0, 0], step = model.get("key_step");
    put(model.get("x") + dx * step, model.get("y") + dy * step, press);
    e.preventDefault(); e.stopPropagation();
  });
  model.on("change:png64", show); model.on("change:label", name);
  show(); name(); el.appendChild(img);
}
export default { render };
"""
_PAD_CSS = """
.course-pad { max-width: 100%; touch-action: none; cursor: crosshair; }
.course-pad:focus-visible { outline: 3px solid #0072B2; outline-offset: 1px; }
"""


class Pad(anywidget.AnyWidget):
    """A picture to point at: `x` and `y` in [0, 1] from its lower left corner follow the pointer or the arrow keys.

    `presses` counts clicks, Enter and space; with `draws`, dragging counts as well.
    """

    _esm = _PAD_JS
    _css = _PAD_CSS
    png64 = traitlets.Unicode("").tag(sync=True)
    label = traitlets.Unicode("Picture: arrow keys move the point, Enter presses").tag(sync=True)
    x = traitlets.Float(0.5).tag(sync=True)
    y = traitlets.Float(0.5).tag(sync=True)
    presses = traitlets.Int(0).tag(sync=True)
    draws = traitlets.Bool(False).tag(sync=True)
    key_step = traitlets.Float(0.04).tag(sync=True)

    def show(self, fig: Figure) -> None:
        """Replace the picture."""
        self.png64 = base64.b64encode(png(fig)).decode()

    def png(self) -> bytes:
        """PNG bytes of the picture shown."""
        return base64.b64decode(self.png64)
