"""Made voices that say digits: a buzz or a hiss, shaped by the resonances of a vocal tract. No recording is in it.

Source and filter are apart, as in Fant 1960. The filter is a row of resonators with the coefficients of Klatt 1980
(JASA 67, 971), applied to the source's short-time spectrum, because that does hundreds of words at once. Vowels have
the formants that Hillenbrand et al. 1995 measured (JASA 97, 3099, table V); data/README.md says what they were checked
against. Everything about consonants, and how a word is put together, is our own choice.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

RATE = 8000  # samples a second, as on the telephone
HOP, WINDOW = 64, 256  # samples between frames of the tracks, samples under a frame's window
BATCH = 100  # words made at once
MAN, WOMAN = 17.5, 15.0  # cm of vocal tract for which the table's men and women stand

# Named as in ARPAbet: F1, F2, F3, F4 in Hz of men and of women; the milliseconds are ours.
VOWELS = {
    "iy": ((342, 2322, 3000, 3657), (437, 2761, 3372, 4352), 170),  # heed
    "ih": ((427, 2034, 2684, 3618), (483, 2365, 3053, 4334), 100),  # hid
    "ey": ((476, 2089, 2691, 3649), (536, 2530, 3047, 4319), 120),  # hayed
    "eh": ((580, 1799, 2605, 3677), (731, 2058, 2979, 4294), 110),  # head
    "ae": ((588, 1952, 2601, 3624), (669, 2349, 2972, 4290), 160),  # had
    "aa": ((768, 1333, 2522, 3687), (936, 1551, 2815, 4299), 150),  # hod
    "ao": ((652, 997, 2538, 3486), (781, 1136, 2824, 3923), 150),  # hawed
    "ow": ((497, 910, 2459, 3384), (555, 1035, 2828, 3927), 150),  # hoed
    "uh": ((469, 1122, 2434, 3400), (519, 1225, 2827, 4052), 90),  # hood
    "uw": ((378, 997, 2343, 3357), (459, 1105, 2735, 4115), 170),  # who'd
    "ah": ((623, 1200, 2550, 3557), (753, 1426, 2933, 4092), 120),  # hud
    "er": ((474, 1379, 1710, 3334), (523, 1588, 1929, 3914), 120),  # heard
}
# F1 to F4 of a man, milliseconds, strength of voice and of noise, the noise's centre and width in Hz.
CONSONANTS = {
    "z": ((260, 1500, 2500, 3500), 90, 0.30, 0.30, 3600, 700),
    "s": ((260, 1600, 2500, 3500), 120, 0.0, 0.55, 3700, 600),
    "f": ((300, 1150, 2300, 3500), 100, 0.0, 0.14, 2600, 2200),
    "th": ((300, 1400, 2500, 3500), 90, 0.0, 0.12, 3000, 2000),
    "v": ((280, 1150, 2300, 3500), 60, 0.35, 0.08, 2600, 2200),
    "n": ((270, 1500, 2500, 3500), 80, 0.45, 0.0, 2000, 1000),
    "w": ((300, 650, 2250, 3400), 70, 0.55, 0.0, 2000, 1000),
    "r": ((340, 1100, 1500, 3300), 80, 0.60, 0.0, 2000, 1000),
    "t-": ((280, 1750, 2600, 3500), 50, 0.0, 0.0, 3200, 900),  # the closure, then the burst
    "t+": ((300, 1800, 2600, 3500), 35, 0.0, 0.50, 3200, 900),
    "k-": ((280, 1900, 2500, 3500), 50, 0.0, 0.0, 1900, 500),
    "k+": ((300, 1900, 2500, 3500), 35, 0.0, 0.40, 1900, 500),
}
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
SOUNDS = {
    "zero": "z ih r ow uh", "one": "w ah n", "two": "t- t+ uw", "three": "th r iy", "four": "f ao r",
    "five": "f aa ih v", "six": "s ih k- k+ s", "seven": "s eh v ah n", "eight": "ey ih t- t+", "nine": "n aa ih n",
}  # fmt: skip
WIDTHS = (70.0, 90.0, 130.0, 220.0)  # of the four resonances, in Hz


@dataclass(frozen=True)
class Speaker:
    """A voice.

    Attributes:
        pitch: Mean pulses a second of the vocal folds, in Hz.
        tract: Length of the vocal tract in cm: 17.5 for the table's men, 15 for its women, below that like a child.
        speed: 1 as in the tables, 1.2 a fifth faster.
        breath: Noise in the voice, beside pulses of strength 1.
        tilt: Fall of the voice's spectrum in dB for each octave, radiation at the lips included.
        accent: Seed of the speaker's own shifts of every vowel's formants.
    """

    pitch: float = 120.0
    tract: float = MAN
    speed: float = 1.0
    breath: float = 0.05
    tilt: float = 6.0
    accent: int = 0


def draw_speakers(n: int, seed: int, children: bool = False) -> list[Speaker]:
    """Draw `n` speakers: men and women in turn, or with `children` voices higher and tracts shorter than any of theirs.

    Adults have 80 to 290 Hz and 14.2 to 18.8 cm; children-like ones 300 to 380 Hz and 12.4 to 13.6 cm. The same seed
    gives the same speakers, more of them if `n` is larger.
    """
    g = torch.Generator().manual_seed(seed)
    found = []
    for i in range(n):
        a, b, c, d, e = torch.rand(5, generator=g).tolist()
        if children:
            pitch, tract = 300 + 80 * a, 12.4 + 1.2 * b
        elif i % 2:
            pitch, tract = 165 * (290 / 165) ** a, 14.2 + 1.8 * b
        else:
            pitch, tract = 80 * (165 / 80) ** a, 16.4 + 2.4 * b
        found.append(Speaker(pitch, tract, 0.8 + 0.5 * c, 0.02 + 0.13 * d, 4 + 5 * e, 1000 * seed + i))
    return found


def say(words: Sequence[str], speakers: Sequence[Speaker], generator: torch.Generator) -> list[Tensor]:
    """Let each speaker say one word; see `speak`.

    Raises:
        ValueError: If a word is not one of the ten digits' names; the message quotes it.
    """
    if unknown := [word for word in words if word not in SOUNDS]:
        raise ValueError(f"no voice can say {unknown[0]!r}; they know: {', '.join(DIGITS)}.")
    return speak([SOUNDS[word].split() for word in words], speakers, generator)


def speak(sounds: Sequence[Sequence[str]], speakers: Sequence[Speaker], generator: torch.Generator) -> list[Tensor]:
    """Make one waveform for each row of sounds, keys of VOWELS and CONSONANTS, said by the speaker of the same place.

    No two takes are alike: lengths (12 %), formants (2 %), melody and pulses vary with the generator.

    Returns:
        Waveforms at RATE, float32, of different lengths, each with a mean square of 0.01.
    """
    rows = list(zip(sounds, speakers, strict=True))
    parts = (rows[i : i + BATCH] for i in range(0, len(rows), BATCH))
    return [wave for part in parts for wave in _speak(part, generator)]


def formants(sound: str, speaker: Speaker) -> list[float]:
    """F1 to F4 in Hz with which a speaker says a sound on average.

    Between men and women, and beyond, a vowel's formants move along a line in their logarithms, as tract length does.
    """
    t = math.log(MAN / speaker.tract) / math.log(MAN / WOMAN)
    if sound not in VOWELS:
        return [f * MAN / speaker.tract for f in CONSONANTS[sound][0]]
    g = torch.Generator().manual_seed(speaker.accent * 100 + list(VOWELS).index(sound))
    shift = (0.03 * torch.randn(4, generator=g)).exp().tolist() if speaker.accent else [1.0] * 4
    return [m * (w / m) ** t * s for m, w, s in zip(*VOWELS[sound][:2], shift, strict=True)]


def resonance(frequencies: Tensor, centres: Tensor, widths: Tensor) -> Tensor:
    r"""What a row of resonators does to each frequency, complex.

    $$H(z) = \prod_k \frac{1 - b_k - c_k}{1 - b_k z^{-1} - c_k z^{-2}} \qquad c = -e^{-2\pi w / r} \qquad
    b = 2 e^{-\pi w / r} \cos(2 \pi f / r)$$

    Args:
        frequencies: In Hz, shape (N,).
        centres, widths: f and w in Hz of K resonators, shapes (..., K) and (K,).
    Returns:
        Shape (..., N).
    Source: Klatt 1980, JASA 67, 971, equations 2 and 3.
    """
    c = -torch.exp(-2 * math.pi * widths / RATE)
    b = 2 * torch.exp(-math.pi * widths / RATE) * torch.cos(2 * math.pi * centres / RATE)  # (..., K)
    back = torch.polar(torch.ones_like(frequencies), -2 * math.pi * frequencies / RATE)  # z^-1, one sample back
    below = torch.ones(1, dtype=back.dtype)
    for k in range(len(widths)):
        below = below * (1 - b[..., k, None] * back - c[k] * back**2)
    return (1 - b - c).prod(-1)[..., None] / below


def _speak(rows: list[tuple[Sequence[str], Speaker]], generator: torch.Generator) -> list[Tensor]:
    ms, settings = _targets(rows, generator)
    ends = (ms * RATE / 1000 / HOP).cumsum(1)  # (B, P) in frames
    frames = math.ceil(float(ends[:, -1].max())) + 6
    now = (torch.arange(frames)[None, :, None] - 2.5 >= ends[:, None]).sum(-1).clamp(max=ms.shape[1] - 1)  # (B, T)
    tracks = settings.gather(1, now[..., None].expand(-1, -1, settings.shape[2]))  # (B, T, 8)
    times = torch.arange(frames)
    inside = (times >= 2) & (times < ends[:, -1:] + 2.5)
    centres = _smooth(tracks[..., :4], 7).clamp(max=3950)
    noise_at = _smooth(tracks[..., 6:], 3)
    voice, hiss = _smooth(tracks[..., 4:6] * inside[..., None], 3).unbind(-1)
    source = _pulses([speaker for _, speaker in rows], frames, ends[:, -1:], generator)
    wind = torch.randn(2, *source.shape, generator=generator)
    breath = torch.tensor([speaker.breath for _, speaker in rows])[:, None]
    voice, hiss = (_to_samples(track) for track in (voice, hiss))
    hz = torch.linspace(0, RATE / 2, WINDOW // 2 + 1)
    tilt = torch.tensor([speaker.tilt for _, speaker in rows])[:, None, None]
    fall = (hz.clamp(min=60) / 100) ** (-tilt / 6.02)  # dB an octave
    shape = resonance(hz, centres, torch.tensor(WIDTHS)) * fall
    hump = torch.exp(-0.5 * ((hz - noise_at[..., :1]) / noise_at[..., 1:]) ** 2)
    voiced, hissed = (_spectrum(s) for s in (voice * (source + breath * wind[0]), hiss * wind[1]))
    y = torch.istft(voiced * shape.mT + 0.35 * hissed * hump.mT, WINDOW, HOP, window=_window(), length=frames * HOP)
    lengths = ((ends[:, -1] + 5) * HOP).long().tolist()
    waves = [wave[:n] for wave, n in zip(y, lengths, strict=True)]
    return [0.1 * wave / wave.square().mean().sqrt() for wave in waves]


def _targets(rows: list, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Milliseconds, (B, P), and for each sound F1 to F4, voice, noise, the noise's centre and width: (B, P, 8)."""
    most = max(len(sounds) for sounds, _ in rows)
    ms, settings = torch.zeros(len(rows), most), torch.zeros(len(rows), most, 8)
    for i, (sounds, speaker) in enumerate(rows):
        for j, sound in enumerate(sounds):
            if sound in VOWELS:
                length, rest = VOWELS[sound][2] * (1.6 if len(sounds) == 1 else 1.0), (1.0, 0.0, 2000.0, 1000.0)
            else:
                length, rest = CONSONANTS[sound][1], CONSONANTS[sound][2:]
            ms[i, j] = length / speaker.speed
            settings[i, j] = torch.tensor([*formants(sound, speaker), *rest])
        settings[i, len(sounds) :] = settings[i, len(sounds) - 1]
    ms = ms * (0.12 * torch.randn(ms.shape, generator=generator)).exp()
    settings[..., :4] *= (0.02 * torch.randn(*ms.shape, 4, generator=generator)).exp()
    settings[..., 4:6] *= (0.15 * torch.randn(*ms.shape, 2, generator=generator)).exp()
    return ms, settings


def _pulses(speakers: list[Speaker], frames: int, ends: Tensor, generator: torch.Generator) -> Tensor:
    """The buzz of the vocal folds, (B, frames * HOP): all harmonics alike, up to the highest that fits."""
    pitch = torch.tensor([speaker.pitch for speaker in speakers])[:, None]
    start, fall = (
        1.05 + 0.1 * torch.rand(len(pitch), 1, generator=generator),
        torch.rand(len(pitch), 1, generator=generator),
    )
    melody = start - (0.1 + 0.15 * fall) * (torch.arange(frames) / ends).clamp(max=1.2)
    wobble = _smooth(torch.randn(*melody.shape, 1, generator=generator), 9)[..., 0]
    hz = _to_samples(pitch * melody * (1 + 0.02 * wobble))
    phase = 2 * math.pi * torch.cumsum(hz.double(), 1) / RATE
    harmonics = (RATE / 2 / hz.amax(1, keepdim=True)).floor()
    half = phase / 2
    near = half.sin().abs() < 1e-4  # where the closed form is 0 / 0
    row = torch.sin((2 * harmonics + 1) * half) / torch.where(near, 1.0, half.sin())  # 1 + 2 cos x + 2 cos 2x + ...
    row = torch.where(near, 2 * harmonics + 1, row) - 1
    return (row / row.square().mean(1, keepdim=True).sqrt()).float()


def _spectrum(x: Tensor) -> Tensor:
    return torch.stft(x, WINDOW, HOP, window=_window(), return_complex=True)[..., : x.shape[1] // HOP]


def _window() -> Tensor:
    return torch.hann_window(WINDOW)


def _smooth(tracks: Tensor, width: int) -> Tensor:
    """A running mean over frames with a Hann window, (B, T, K) -> (B, T, K): mouths do not jump."""
    weights = torch.hann_window(width + 2, periodic=False)[1:-1]
    x = F.pad(tracks.transpose(1, 2), (width // 2, width // 2), mode="replicate").flatten(0, 1)[:, None]
    y = F.conv1d(x, (weights / weights.sum())[None, None])[:, 0]
    return y.view(tracks.shape[0], tracks.shape[2], -1).transpose(1, 2)


def _to_samples(track: Tensor) -> Tensor:
    """A straight line between frames, (B, T) -> (B, T * HOP)."""
    return F.interpolate(track[:, None].float(), scale_factor=HOP, mode="linear", align_corners=False)[:, 0]
