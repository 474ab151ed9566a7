"""Recorded digits in a folder of WAV files, made like our own voices; what cannot be read is said plainly."""

import re
import struct
import warnings
from io import BytesIO
from math import gcd
from pathlib import Path

import numpy as np
import torch
from scipy.io import wavfile
from scipy.signal import resample_poly
from torch import Tensor

from helpers.audio import RATE, WINDOW
from helpers.spoken import Bank

NAME = re.compile(r"([0-9])_(.+)_([0-9]+)\.wav", re.IGNORECASE)
RATES = (4000, 192_000)  # samples a second that a recording may have
LONGEST = 4.0  # seconds; one word is shorter


def load_recordings(folder: str | Path) -> Bank:
    """Read all WAV files of a folder, named `{digit}_{speaker}_{take}.wav`, like "7_anna_3.wav"; leave others alone.

    Raises:
        FileNotFoundError: If there is no such folder.
        ValueError: If there is no WAV file in it, one has another name, or `read_wav` cannot take one.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no folder {str(folder)!r}; give the path of one that holds WAV files.")
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() == ".wav")
    if not files:
        raise ValueError(f"{folder.name} holds no WAV file; put some in, named like 7_anna_0.wav.")
    names = [NAME.fullmatch(file.name) for file in files]
    for file, name in zip(files, names, strict=True):
        if name is None:
            raise ValueError(
                f"{file.name} says no digit: name it {{digit}}_{{speaker}}_{{take}}.wav, like 7_anna_0.wav."
            )
    speakers = sorted({name[2] for name in names})
    words, takes = (torch.tensor([int(name[i]) for name in names]) for i in (1, 3))
    owners = torch.tensor([speakers.index(name[2]) for name in names])
    return Bank([read_wav(file) for file in files], words, owners, takes, speakers)


def save_recordings(bank: Bank, folder: str | Path, rate: int = RATE) -> None:
    """Write the words of a bank as WAV files that `load_recordings` reads; made voices are named voice0, voice1, ..."""
    shared = gcd(rate, RATE)
    for wave, digit, owner, take in zip(bank.waves, bank.words, bank.owners, bank.takes, strict=True):
        name = bank.speakers[owner] if isinstance(bank.speakers[owner], str) else f"voice{owner}"
        again = torch.from_numpy(resample_poly(wave.numpy(), rate // shared, RATE // shared))
        Path(folder, f"{digit}_{name}_{take}.wav").write_bytes(wav_bytes(again, rate))


def read_wav(path: str | Path) -> Tensor:
    """Read one recorded word: any rate of RATES, turned into ours; shape (N,), with a mean square of 0.01.

    Raises:
        ValueError: If it is no WAV file, or damaged, empty, silent, not mono, too short, too long, or of a rate that
            cannot be meant; the message names the file and the way out.
    """
    path = Path(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", wavfile.WavFileWarning)  # of parts that hold no sound
            rate, samples = wavfile.read(path)
    except (ValueError, OSError, EOFError, struct.error) as error:
        raise ValueError(f"{path.name} cannot be read as WAV ({error}): save it again as WAV, 16 bits, mono.") from None
    if samples.ndim != 1:
        raise ValueError(f"{path.name} has {samples.shape[1]} channels; save it as mono, with one.")
    if not RATES[0] <= rate <= RATES[1]:
        raise ValueError(f"{path.name} says {rate} samples a second; {RATES[0]} to {RATES[1]} can be read.")
    if not len(samples):
        raise ValueError(f"{path.name} is empty; record it again or take it away.")
    if not RATE / rate * len(samples) >= WINDOW or len(samples) / rate > LONGEST:
        seconds = len(samples) / rate
        raise ValueError(
            f"{path.name} lasts {seconds:.2f} s; one word takes {WINDOW / RATE} to {LONGEST:.0f} s: cut it."
        )
    x = _as_floats(samples)
    if not np.isfinite(x).all() or not np.abs(x).max() > 1e-5:
        raise ValueError(f"{path.name} is silent, or holds numbers that are none; record it again.")
    shared = gcd(rate, RATE)
    wave = torch.from_numpy(resample_poly(x, RATE // shared, rate // shared)).float()
    return 0.1 * wave / wave.square().mean().sqrt()


def wav_bytes(wave: Tensor, rate: int = RATE) -> bytes:
    """A waveform, shape (N,), as the bytes of a WAV file of 16 bits; its loudest sample nearly fills them."""
    buffer, loudest = BytesIO(), float(wave.abs().max().clamp(min=1e-9))
    wavfile.write(buffer, rate, (wave.numpy() / loudest * 32_000).astype(np.int16))
    return buffer.getvalue()


def _as_floats(samples: np.ndarray) -> np.ndarray:
    """Samples of any kind as floats around 0."""
    if samples.dtype == np.uint8:
        return samples.astype(np.float64) / 128 - 1
    scale = -float(np.iinfo(samples.dtype).min) if samples.dtype.kind == "i" else 1.0
    return samples.astype(np.float64) / scale
