"""A made voice to order: digits, pitch, tract, speed and noise by hand; hear it, see it, read what the model heard."""

from collections.abc import Callable

import ipywidgets as w
import torch
from matplotlib.figure import Figure
from torch import Tensor

from helpers.audio import add_noise, log_mel
from helpers.plots.speech import heard
from helpers.recordings import wav_bytes
from helpers.spoken import join
from helpers.voices import DIGITS, Speaker, say
from helpers.widgets.live import Live

LONGEST = 8  # digits
Listen = Callable[[Tensor], tuple[str, Tensor]]


def digits_of(text: str) -> list[str]:
    """The digits' names in what was typed, "35 zero" -> ["three", "five", "zero"]; spaces do not matter for figures.

    Raises:
        ValueError: If there is none, too many, or something else; the message quotes it.
    """
    said = []
    for part in text.lower().replace(",", " ").split():
        said += [DIGITS[int(c)] for c in part] if part.isascii() and part.isdigit() else [part]
    if unknown := [word for word in said if word not in DIGITS]:
        raise ValueError(f"{unknown[0]!r} is no digit; type figures, 3 5 0, or names, three five zero.")
    if not 1 <= len(said) <= LONGEST:
        raise ValueError(f"there are {len(said)} digits; type 1 to {LONGEST}.")
    return said


def voice_view(listen: Listen, text: str) -> Live:
    """Make a field for digits and sliders for the voice; below, the sound to play, its picture and what was heard.

    Args:
        listen: From log-mel frames, shape (1, T, BANDS), to the text that is heard and the weights of its
            cross-attention, shape (words written, S).
        text: What stands in the field at first.
    """
    player = w.Audio(value=b"", format="wav", autoplay=False, loop=False)
    controls = {
        "digits": w.Text(text, description="digits"),
        "pitch": w.IntSlider(120, min=80, max=380, step=10, description="pitch in Hz"),
        "tract": w.FloatSlider(17.0, min=12.0, max=19.0, step=0.5, description="vocal tract in cm"),
        "speed": w.FloatSlider(1.0, min=0.6, max=1.6, step=0.1, description="speed"),
        "noise": w.SelectionSlider(
            options=[("none", 60.0), ("20 dB", 20.0), ("10 dB", 10.0), ("5 dB", 5.0), ("0 dB", 0.0), ("-5 dB", -5.0)],
            description="noise",
        ),
    }

    def voice(digits: str, pitch: int, tract: float, speed: float, noise: float) -> tuple[Figure, str]:
        said = digits_of(digits)
        g = torch.Generator().manual_seed(0)  # the same take whichever slider moves
        wave, spans = join(say(said, [Speaker(pitch, tract, speed)] * len(said), g), g)
        wave = add_noise(wave[None], torch.randn(1, len(wave), generator=g), noise)
        frames = log_mel(wave)
        text, weights = listen(frames)
        player.value = wav_bytes(wave[0])
        words = [*text.split(), "<eos>"][: len(weights)]
        return heard(frames[0], weights, words, spans, quick=True), f"said:  {' '.join(said)}\nheard: {text}"

    view = Live(voice, controls)
    view.widget.children = (*view.controls.values(), player, view.picture, view.text)
    return view
