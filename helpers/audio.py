"""Sound to frames of numbers, noise of a wanted strength, the resonances in a sound, and the word error rate."""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

RATE = 8000  # samples a second
WINDOW, HOP = 256, 80  # samples: 32 ms under a window, 10 ms from one to the next
BANDS, LOWEST, RANGE = 40, 60.0, 60.0  # bands, Hz where they begin, dB below the loudest that are kept


def hertz_to_mel(hz: Tensor) -> Tensor:
    r"""Height of a tone as it is heard, in mel: $2595 \log_{10}(1 + f / 700)$. Source: O'Shaughnessy 1987."""
    return 2595 * torch.log10(1 + hz / 700)


def mel_to_hertz(mel: Tensor) -> Tensor:
    """The inverse of `hertz_to_mel`."""
    return 700 * (10 ** (mel / 2595) - 1)


def triangles(corners: Tensor, hz: Tensor) -> Tensor:
    """Triangles over frequencies: band i rises from corner i to 1 at corner i + 1, and falls to 0 at corner i + 2.

    Args:
        corners: In Hz, rising, shape (n_bands + 2,).
        hz: The frequencies of a spectrum, shape (F,).
    Returns:
        Shape (n_bands, F), in [0, 1].
    Source: Davis & Mermelstein 1980, IEEE Trans. ASSP 28, 357, figure 1.
    """
    left, top, right = corners[:-2, None], corners[1:-1, None], corners[2:, None]  # (n_bands, 1)
    rising, falling = (hz - left) / (top - left), (right - hz) / (right - top)  # (n_bands, F)
    return torch.minimum(rising, falling).clamp(min=0)


@lru_cache
def filter_bank(n_bands: int = BANDS) -> Tensor:
    """The triangles of our frames, (n_bands, WINDOW / 2 + 1): corners at equal steps in mel, LOWEST to RATE / 2."""
    low, high = hertz_to_mel(torch.tensor([LOWEST, RATE / 2], dtype=torch.double)).tolist()
    corners = mel_to_hertz(torch.linspace(low, high, n_bands + 2, dtype=torch.double))
    return triangles(corners, torch.linspace(0, RATE / 2, WINDOW // 2 + 1, dtype=torch.double)).float()


def frame_count(samples: int | Tensor) -> int | Tensor:
    """How many whole windows fit into so many samples, one every HOP; 0 if not even one does."""
    fits = (samples - WINDOW) // HOP + 1
    return fits.clamp(min=0) if isinstance(fits, Tensor) else max(0, fits)


def log_mel(waves: Tensor, lengths: Tensor | None = None) -> Tensor:
    """Log-mel frames of waveforms.

    Of each waveform's bands, what lies more than 60 dB below its loudest is lifted to that; then each band's mean over
    time is taken away. So loudness does not matter, nor does a microphone that favours some bands.

    Args:
        waves: At RATE, shape (B, N), filled up with zeros.
        lengths: Samples that count of each, int64, shape (B,), at least WINDOW; all if not given.
    Returns:
        Shape (B, T, BANDS); frames after a waveform's end are all zeros.
    Raises:
        ValueError: If the shape is another, or a waveform is shorter than one window; the message quotes it.
    """
    if waves.ndim != 2:
        raise ValueError(f"waves have shape {tuple(waves.shape)}; give (B, N), one waveform in a row.")
    lengths = torch.full((len(waves),), waves.shape[1]) if lengths is None else lengths
    if int(lengths.min()) < WINDOW:
        raise ValueError(f"a sound of {int(lengths.min())} samples is shorter than a window of {WINDOW}.")
    frames = waves.unfold(1, WINDOW, HOP) * torch.hann_window(WINDOW, device=waves.device)  # (B, T, WINDOW)
    power = torch.fft.rfft(frames).abs().square()  # (B, T, WINDOW / 2 + 1)
    bands = power @ filter_bank().to(waves.device).T  # (B, T, BANDS)
    n = frame_count(lengths).to(waves.device)[:, None, None]
    real = torch.arange(bands.shape[1], device=waves.device)[:, None] < n  # (B, T, 1)
    loudest = (bands * real).amax((1, 2), keepdim=True).clamp(min=1e-10)
    x = torch.maximum(bands, loudest * 10 ** (-RANGE / 10)).log() * real
    return (x - x.sum(1, keepdim=True) / n) * real


def resonances(wave: Tensor, order: int = 10) -> list[float]:
    """Where a steady sound resonates, in Hz, rising, by linear prediction: each sample's best guess from those before.

    The guess is a filter, and the angles of its poles are the resonances. High voices are hard: their harmonics stand
    so far apart that the lowest pole moves to one of them.

    Args:
        wave: A vowel at RATE, shape (N,).
        order: How many samples the guess is made from; two for each resonance, and two for the fall of the spectrum.
    Source: Makhoul 1975, Proc. IEEE 63, 561.
    """
    x = wave[1:] - 0.97 * wave[:-1]  # lifts the highs, which a voice has few of
    x = (x * torch.hann_window(len(x))).double()
    spectrum = torch.fft.rfft(x, 2 * len(x)).abs().square()
    lags = torch.fft.irfft(spectrum)[: order + 1]  # autocorrelation
    table = lags[(torch.arange(order)[:, None] - torch.arange(order)).abs()]
    guess = torch.linalg.solve(table + 1e-9 * lags[0] * torch.eye(order), lags[1:])
    poles = np.roots([1.0, *(-guess).tolist()])
    found = [
        (float(np.angle(p)) * RATE / (2 * math.pi), -math.log(abs(p)) * RATE / math.pi) for p in poles if p.imag > 0
    ]
    return sorted(hz for hz, width in found if hz > 90 and width < 700)


def add_noise(waves: Tensor, noise: Tensor, snr: Tensor | float, lengths: Tensor | None = None) -> Tensor:
    r"""Add noise, made as strong as asked for.

    $$\mathrm{SNR} = 10 \log_{10} \frac{\overline{x^2}}{\overline{(a n)^2}}$$

    Args:
        waves, noise: Shape (B, N) each.
        snr: Signal-to-noise ratio in dB, one number or shape (B,).
        lengths: Samples that count of each, shape (B,); what comes after stays zero.
    """
    n = waves.shape[1]
    lengths = torch.full((len(waves),), n) if lengths is None else lengths
    real = torch.arange(n) < lengths[:, None]
    signal, hiss = ((x.square() * real).sum(1) / lengths for x in (waves, noise))
    wanted = signal / 10 ** (torch.as_tensor(snr) / 10)
    return waves + noise * real * (wanted / hiss.clamp(min=1e-12)).sqrt()[:, None]


def edit_distance(said: Sequence[str], heard: Sequence[str]) -> int:
    """The fewest words to change, add or leave out that turn `said` into `heard`.

    Source: Levenshtein 1966, Soviet Physics Doklady 10, 707.
    """
    row = list(range(len(heard) + 1))  # from nothing to each beginning of heard: add all of it
    for i, word in enumerate(said, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            best = min(row[j] + 1, row[j - 1] + 1, diagonal + (word != other))
            diagonal, row[j] = row[j], best
    return row[-1]


def word_error_rate(said: Sequence[str], heard: Sequence[str]) -> float:
    """Errors over all texts, divided by the words that were said; it can be larger than 1.

    Raises:
        ValueError: If the numbers of texts differ, or nothing was said.
    """
    if len(said) != len(heard):
        raise ValueError(f"{len(said)} texts were said and {len(heard)} heard; give as many of both.")
    if not (words := sum(len(text.split()) for text in said)):
        raise ValueError("nothing was said; a word error rate needs at least one word.")
    return sum(edit_distance(a.split(), b.split()) for a, b in zip(said, heard, strict=True)) / words
