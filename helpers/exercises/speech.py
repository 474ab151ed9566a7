"""Exercises of lesson 37, the Transformer that listens."""

import torch
from torch import Tensor

from helpers.audio import HOP, WINDOW, edit_distance, hertz_to_mel, mel_to_hertz, triangles
from helpers.exercises.core import Exercise, Wrong, register


def frames_in(samples: int) -> int:
    """How many whole windows of 256 samples fit into a sound, one begun every 80 samples."""
    return max(0, (samples - WINDOW) // HOP + 1)


def memory_mask(lengths: Tensor, longest: int) -> Tensor:
    """Which places are sound and not padding after two convolutions of stride 2; (B,) -> (B, 1, 1, S).

    A convolution of stride 2 with one zero on each side keeps frames 0, 2, 4 and so on.
    """
    real = torch.arange(longest) < lengths[:, None]  # (B, T)
    return real[:, None, None, ::4]


def noise_at(wave: Tensor, noise: Tensor, snr: float) -> Tensor:
    """Add noise, scaled so that the wave is `snr` dB stronger; (N,), (N,) -> (N,)."""
    wanted = wave.square().mean() / 10 ** (snr / 10)  # the power that the noise shall have
    return wave + noise * (wanted / noise.square().mean()).sqrt()


def error_rate(said: list[str], heard: list[str]) -> float:
    """Word error rate: errors of all texts together, over the words that were said."""
    errors = sum(edit_distance(a.split(), b.split()) for a, b in zip(said, heard, strict=True))
    return errors / sum(len(text.split()) for text in said)


def _corners(n: int) -> Tensor:
    low, high = hertz_to_mel(torch.tensor([60.0, 4000.0])).tolist()
    return mel_to_hertz(torch.linspace(low, high, n + 2))


def _cases_of_triangles() -> list[tuple[Tensor, Tensor]]:
    return [
        (torch.tensor([0.0, 100.0, 200.0, 400.0]), torch.arange(0.0, 501.0, 50.0)),
        (_corners(6), torch.linspace(0, 4000, 33)),
    ]


def _sides(corners: Tensor, hz: Tensor) -> tuple[Tensor, Tensor]:
    left, top, right = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    return (hz - left) / (top - left), (right - hz) / (right - top)


def _touching(corners: Tensor, hz: Tensor) -> Tensor:
    """Triangles that stand side by side instead of overlapping: corners i, middle, i + 1."""
    left, right = corners[:-2, None], corners[1:-1, None]
    top = (left + right) / 2
    return torch.minimum((hz - left) / (top - left), (right - hz) / (right - top)).clamp(min=0)


def _greedy_distance(said: list[str], heard: list[str]) -> int:
    return sum(a != b for a, b in zip(said, heard, strict=False)) + abs(len(said) - len(heard))


def _distance(said: list[str], heard: list[str], change: int = 1, add: int = 1, leave: int = 1, first: int = 1) -> int:
    """Edit distance with other costs."""
    row = [j * add * first for j in range(len(heard) + 1)]
    for i, word in enumerate(said, 1):
        new = [i * leave * first]
        for j, other in enumerate(heard, 1):
            new.append(min(row[j] + leave, new[-1] + add, row[j - 1] + (change if word != other else 0)))
        row = new
    return row[-1]


def _no_diagonal(said: list[str], heard: list[str]) -> int:
    return _distance(said, heard, change=2)


def _is_symmetric(answer) -> None:
    if answer(list("1225"), list("255")) != answer(list("255"), list("1225")):
        raise Wrong("said against heard and heard against said must give the same number: adding mirrors leaving out")


def _is_boolean(answer) -> None:
    mask = answer(torch.tensor([8, 4]), 8)
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
        raise Wrong("the places are right, but a mask holds booleans: compare with <.")


PAIRS = [
    ("112133", "31532"),
    ("2", "229"),
    ("123", "13"),
    ("5678", "6785"),
    ("331", "311"),
    ("", "12"),
    ("12", ""),
    ("1", "1"),
]
TEXTS = [
    (["three five zero", "two"], ["three nine zero", "two"]),
    (["one two three four", "five"], ["one two three four", "nine nine nine"]),
    (["six", "seven eight nine zero one"], ["six six", "seven nine zero one"]),
]


register(
    Exercise(
        "frames_in", "37_speech", 1, 5, frames_in,
        cases=lambda: [(8000,), (256,), (255,), (335,), (336,), (100,), (4000,)],
        mistakes={
            "You counted begun windows: the last one must fit whole, so take the window's length away first.":
                lambda n: n // 80 + 1,
            "A step is not a window: the last window needs its 256 samples, so take them away first, then add 1.":
                lambda n: n // 80,
            "You forgot the first window, which needs no step: add 1.":
                lambda n: max(0, (n - 256) // 80),
            "You stepped by whole windows: the next one begins after 80 samples, not after 256.":
                lambda n: n // 256,
            "A sound shorter than a window has no frame, not fewer than none: not below 0.":
                lambda n: (n - 256) // 80 + 1,
            "Frames are counted in whole numbers: divide with //.":
                lambda n: max(0.0, (n - 256) / 80 + 1),
        },
        hints=(
            "Where does the last whole window begin? And how many steps of 80 is that from the start?",
            "It begins at sample n - 256 at the latest: (n - 256) // 80 steps, and one window that needs no step.",
            "max(0, (samples - 256) // 80 + 1)",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "triangles", "37_speech", 3, 15, triangles,
        cases=_cases_of_triangles,
        mistakes={
            "Beyond its corners a triangle is 0, not negative: clamp.":
                lambda c, f: torch.minimum(*_sides(c, f)),
            "Your triangles stand side by side. Each ends where the next but one begins: corners i, i + 1, i + 2.":
                _touching,
            "You took the larger of the two sides: inside, it rises above 1. The smaller one makes a roof.":
                lambda c, f: torch.maximum(*_sides(c, f)).clamp(min=0),
            "Only the rising side is there: after the top it must fall again.":
                lambda c, f: _sides(c, f)[0].clamp(0, 1),
            "Only the falling side is there: before the top it must rise.":
                lambda c, f: _sides(c, f)[1].clamp(0, 1),
            "It is transposed: bands are rows, frequencies are columns.":
                lambda c, f: triangles(c, f).T,
            "Each band sums to 1 in yours; here its top has height 1, so that a wide band collects more.":
                lambda c, f: triangles(c, f) / triangles(c, f).sum(1, keepdim=True),
        },
        hints=(
            "Two straight lines for each band: one from 0 at the left corner to 1 at the top, one down again.",
            "left, top, right = corners[:-2, None], corners[1:-1, None], corners[2:, None]; the smaller of both lines.",
            "torch.minimum((hz - left) / (top - left), (right - hz) / (right - top)).clamp(min=0)",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "memory_mask", "37_speech", 3, 10, memory_mask,
        cases=lambda: [(torch.tensor([9, 5, 4, 1]), 9), (torch.tensor([16, 13, 12]), 16), (torch.tensor([7, 3]), 7)],
        mistakes={
            "The rest is lost: 5 frames make 2 places, because place 1 begins at frame 4. Round up, not down.":
                lambda n, t: (torch.arange(-(-t // 4)) < (n // 4)[:, None])[:, None, None],
            "That is one convolution only: each halves the frames, two leave a quarter.":
                lambda n, t: (torch.arange(t) < n[:, None])[:, None, None, ::2],
            "That is the mask of the frames: after two strides of 2 only every fourth is left.":
                lambda n, t: (torch.arange(t) < n[:, None])[:, None, None],
            "It is upside down: True is where the decoder may look.":
                lambda n, t: (torch.arange(t) >= n[:, None])[:, None, None, ::4],
            "The places are right, the shape is not: heads and queries need two sides of size 1, (B, 1, 1, S).":
                lambda n, t: (torch.arange(t) < n[:, None])[:, ::4],
            "One place too many: place s is real if its frame 4 s is real, so compare with <.":
                lambda n, t: (torch.arange(t) <= n[:, None])[:, None, None, ::4],
        },
        laws=[_is_boolean],
        hints=(
            "First the mask of the frames, (B, T), as in lesson 33. Then keep what the strides keep.",
            "torch.arange(longest) < lengths[:, None] is the mask of the frames; the strides keep every fourth.",
            "(torch.arange(longest) < lengths[:, None])[:, None, None, ::4]",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "edit_distance", "37_speech", 4, 20, edit_distance,
        cases=lambda: [(list(a), list(b)) for a, b in PAIRS],
        mistakes={
            "You compared place by place: one word that is left out then makes all later ones wrong.":
                _greedy_distance,
            "A changed word costs 2 in yours, as leave out and add; it is one error.":
                _no_diagonal,
            "The borders are 0: to get from nothing to j words, j words are added.":
                lambda a, b: _distance(a, b, first=0),
            "You counted only whether the texts differ: count the words.":
                lambda a, b: int(a != b),
            "You compared bags of words: order matters.":
                lambda a, b: max(len(a), len(b)) - sum(min(a.count(w), b.count(w)) for w in set(a)),
            "Equal words cost something in yours: where they are equal, go on along the diagonal for nothing.":
                lambda a, b: max(len(a), len(b)),
        },
        laws=[_is_symmetric],
        hints=(
            "A table: row i for the first i words said, column j for the first j of heard; the first row is 0, 1, 2.",
            "Each square is the smallest of three: left + 1, above + 1, diagonal + (1 if the two words differ).",
            "new.append(min(row[j] + 1, new[-1] + 1, row[j - 1] + (word != other))) in two loops; the last one is it.",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "error_rate", "37_speech", 2, 10, error_rate,
        cases=lambda: TEXTS,
        mistakes={
            "You took the mean of each text's own rate: a short text then counts as much as a long one.":
                lambda a, b: sum(edit_distance(x.split(), y.split()) / len(x.split())
                                 for x, y in zip(a, b, strict=True)) / len(a),
            "You divided by the words that were heard: divide by those that were said.":
                lambda a, b: sum(edit_distance(x.split(), y.split()) for x, y in zip(a, b, strict=True))
                / sum(len(y.split()) for y in b),
            "That is the share of texts with an error in them: count words.":
                lambda a, b: sum(x != y for x, y in zip(a, b, strict=True)) / len(a),
            "You compared letters: cut the texts into words with .split() first.":
                lambda a, b: sum(edit_distance(x, y) for x, y in zip(a, b, strict=True)) / sum(map(len, a)),
            "That is the number of errors: divide it by the number of words that were said.":
                lambda a, b: float(sum(edit_distance(x.split(), y.split()) for x, y in zip(a, b, strict=True))),
        },
        hints=(
            "Two sums over all texts, and one division at the end.",
            "The errors of one text: edit_distance(a.split(), b.split()).",
            "sum(errors) / sum(len(a.split()) for a in said)",
        ),
    )
)  # fmt: skip


def _wave(n: int, seed: int, size: float = 1.0) -> Tensor:
    return size * torch.randn(n, generator=torch.Generator().manual_seed(seed))


register(
    Exercise(
        "noise_at", "37_speech", 2, 10, noise_at,
        cases=lambda: [(_wave(50, 0, 0.1), _wave(50, 1, 3.0), 10.0), (_wave(80, 2), _wave(80, 3, 0.2), 0.0),
                       (_wave(40, 4, 2.0), _wave(40, 5), -5.0)],
        mistakes={
            "You scaled by the ratio of powers: power is the square of loudness, so take its square root.":
                lambda x, n, s: x + n * (x.square().mean() / 10 ** (s / 10)) / n.square().mean(),
            "The noise is louder where it should be softer: divide by 10 ** (snr / 10).":
                lambda x, n, s: x + n * (x.square().mean() * 10 ** (s / 10) / n.square().mean()).sqrt(),
            "The noise's own power is missing: a noise twice as loud must be scaled down twice as much.":
                lambda x, n, s: x + n * (x.square().mean() / 10 ** (s / 10)).sqrt(),
            "A ratio of powers in dB is 10 times the logarithm, not 20 times.":
                lambda x, n, s: x + n * (x.square().mean() / 10 ** (s / 20) / n.square().mean()).sqrt(),
            "You used e instead of 10: decibels count powers of 10.":
                lambda x, n, s: x + n * (x.square().mean() / torch.tensor(s / 10).exp() / n.square().mean()).sqrt(),
            "That is the scaled noise alone: add it to the wave.":
                lambda x, n, s: noise_at(x, n, s) - x,
        },
        hints=(
            "Power is the mean square. Which power shall the noise have after scaling?",
            "wave.square().mean() / 10 ** (snr / 10). Scaling by a multiplies the power by a squared.",
            "wave + noise * (wanted / noise.square().mean()).sqrt()",
        ),
    )
)  # fmt: skip
