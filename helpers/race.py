"""Lesson 41's race: equal seconds of computing for every contender, and one set of measures for all."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import torch
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC
from torch import Tensor

from helpers import checkpoints
from helpers.contenders import Contender, to_levels, to_pixels
from helpers.datasets import load_images
from helpers.imageset import ImageSet, choice
from helpers.metrics import frechet_distance, knn_recall, nearest_distances, neighbour_radii
from helpers.training import History, fit

SETS = ("glyphs", "digits")
SLICES = 4  # of a second: how often the bar moves


def load_part(name: str, split: str, n: int | None = None) -> ImageSet:
    """Ten digits in eight shades: printed ones ("glyphs") or handwritten ones ("digits")."""
    choice("data set of the comparison", name, SETS)
    options = {"characters": "0123456789"} if name == "glyphs" else {}
    data = load_images(name, split, n, **options)
    return replace(data, images=to_pixels(to_levels(data.images)))


def race(
    contender: Contender,
    data: ImageSet,
    seconds: float,
    seed: int = 0,
    name: str = "race",
    look: Callable[[float], None] | None = None,
) -> History:
    """Train for so many seconds of one core's work; what else the machine does costs nothing.

    Args:
        contender: Learns in place.
        data: Training pictures.
        seconds: Of computing in `contender.step`, by the process's own clock, with one thread; above 0.
        seed: Of the batches and of all else that is drawn.
        name: Shown beside the bar.
        look: Called with the seconds spent, four times a second; its own time does not count.
    Raises:
        ValueError: If the seconds are not above 0.
        helpers.training.TrainingDiverged: If a loss is no longer a number.
    """
    if not seconds > 0:
        raise ValueError(f"seconds is {seconds}; give a number above 0.")
    levels, spent, began_with = to_levels(data.images).byte(), 0.0, torch.get_num_threads()

    def slice_of_time(i: int) -> dict[str, Tensor]:
        nonlocal spent
        while spent < min(seconds, (i + 1) / SLICES):
            began = time.process_time()
            index = torch.randint(len(levels), (contender.batch_size,))
            losses = contender.step(levels[index].long(), data.labels[index], spent / seconds)
            spent += time.process_time() - began
        if look is not None:
            look(spent)
        return losses

    torch.set_num_threads(1)
    try:
        return fit(slice_of_time, max(1, round(seconds * SLICES)), seed=seed, name=name)
    finally:
        torch.set_num_threads(began_with)
        for part in contender.parts:
            part.eval()


@dataclass(frozen=True, eq=False)
class Eyes:
    """Who looks at the pictures of one data set: the same for every contender.

    Attributes:
        real: Held-out real pictures to compare with.
        other: As many other real pictures; what they get is the floor.
        reader: Reads the digit from features; fitted to training pictures.
        bold: Tells bold from regular print by pixels; None for handwriting.
    """

    real: ImageSet
    other: ImageSet
    reader: SVC
    bold: LogisticRegression | None

    def report(self, x: Tensor, labels: Tensor) -> dict[str, float]:
        """Measure pictures, (N, 1, 28, 28), that were to show the digits `labels`, (N,).

        Returns:
            "fd" (Fréchet distance), "precision", "recall", "control" (read as the wanted digit) and "good" (read as
            wanted and among the real ones).
        """
        features, reference = describe(x), describe(self.real.images)
        near = torch.cdist(features.double(), reference.double()) <= neighbour_radii(reference)  # (N, M)
        among = near.any(1)
        read = torch.from_numpy(self.reader.predict(features.numpy())) == labels
        return {
            "fd": frechet_distance(features, reference),
            "precision": among.float().mean().item(),
            "recall": knn_recall(reference, features),
            "control": read.float().mean().item(),
            "good": (among & read).float().mean().item(),
        }

    def is_bold(self, x: Tensor) -> Tensor:
        """Which pictures look bold, (N, 1, 28, 28) -> bool (N,)."""
        return torch.from_numpy(self.bold.predict(x.flatten(1).numpy())) == 1


def describe(x: Tensor) -> Tensor:
    """Features of pictures, (N, 1, 28, 28) -> (N, 64), by the shipped classifier of 62 printed characters."""
    return _classifier().describe(x)


@lru_cache
def _classifier() -> torch.nn.Module:
    return checkpoints.load("classifier")[0]


@lru_cache
def eyes(name: str) -> Eyes:
    """The eyes for a data set."""
    train, test = load_part(name, "train"), load_part(name, "test")
    if name == "glyphs":
        real, other = (test.select(part) for part in torch.arange(len(test)).chunk(2))
    else:  # too few to halve: the other real pictures are training pictures, which the reader has not seen
        real, other = test, train.select(torch.arange(len(train) - len(test), len(train)))
    some = train.select(torch.arange(min(6000, len(train) - len(test))))
    reader = SVC(C=10.0).fit(describe(some.images).numpy(), some.labels.numpy())
    bold = None
    if "bold" in train.factors:
        bold = LogisticRegression(max_iter=300).fit(some.images.flatten(1).numpy(), some.factors["bold"].numpy())
    return Eyes(real, other, reader, bold)


def measure(contender: Contender, name: str, n: int, seed: int = 0) -> dict[str, Any]:
    """Everything that is stored of a contender trained on n pictures: `Eyes.report`, cost, speed, and its code.

    Returns:
        Beside the report: "nearest" (median distance in pixels to the nearest training picture, as a multiple of a
        held-out picture's), "nats" per picture (None for the GAN), "images_per_second" (64 at once, one core),
        "midpoints_good" and "evenness" (see `walk`), "bold_asked", "bold_random" and "digit_kept" (see `embolden`);
        None where there is no code, or nothing bold.
    """
    chance, judge = torch.Generator().manual_seed(seed + 1), eyes(name)
    x = torch.cat([contender.draw(part, chance) for part in judge.other.labels.split(250)])
    result, train = judge.report(x, judge.other.labels), load_part(name, "train", n).images[:5000]
    drawn, held_out = (nearest_distances(pictures[:500], train).median() for pictures in (x, judge.real.images))
    result["nearest"] = (drawn / held_out).item()
    some = judge.real.select(torch.arange(min(500, len(judge.real))))
    parts = zip(to_levels(some.images).split(100), some.labels.split(100), strict=True)
    torch.manual_seed(seed + 1)
    nats = [contender.nats(*part) for part in parts]
    result["nats"] = None if nats[0] is None else torch.cat(nats).mean().item()
    result["images_per_second"] = 64 / min(_cost(lambda: contender.draw(some.labels[:64], chance)) for _ in range(3))
    result |= walk(contender, judge, chance) if contender.has_code else dict.fromkeys(("midpoints_good", "evenness"))
    can = contender.has_code and judge.bold is not None
    names = ("bold_asked", "bold_random", "digit_kept")
    return result | (embolden(contender, judge, chance) if can else dict.fromkeys(names))


def walk(contender: Contender, judge: Eyes, chance: torch.Generator, n: int = 200, stops: int = 11) -> dict[str, float]:
    """Walk in a straight line from one code to another of the same digit.

    Returns:
        "midpoints_good": good pictures halfway, as a share of the good ones at both ends; "evenness": the mean step
        of features over the longest step, 1 if all are alike.
    """
    labels = torch.arange(n) % 10
    a, b = contender.noise(n, chance), contender.noise(n, chance)
    path = [contender.decode(a + (b - a) * share, labels) for share in torch.linspace(0, 1, stops).tolist()]
    ends, middle = (judge.report(path[i], labels)["good"] for i in (0, stops // 2))
    ends = (ends + judge.report(path[-1], labels)["good"]) / 2
    features = torch.stack([describe(x) for x in path])  # (stops, n, F)
    steps = (features[1:] - features[:-1]).norm(dim=2)  # (stops - 1, n)
    return {"midpoints_good": middle / max(ends, 1e-9), "evenness": evenness(steps)}


def embolden(contender: Contender, judge: Eyes, chance: torch.Generator, n: int = 3000) -> dict[str, float]:
    """Add to the codes of regular digits the mean code of bold ones minus that of regular ones, found by drawing.

    Returns:
        "bold_asked", "bold_random": the share judged bold after that step, and after a random one as long;
        "digit_kept": the share that is still read as the wanted digit.
    """
    labels, z = torch.arange(n) % 10, contender.noise(n, chance)
    bold = judge.is_bold(contender.decode(z, labels))
    if bold.all() or not bold.any():
        return {"bold_asked": 0.0, "bold_random": 0.0, "digit_kept": 0.0}
    direction = z[bold].mean(0) - z[~bold].mean(0)
    random = torch.randn(z.shape[1], generator=chance)
    regular, of_regular = z[~bold][:500], labels[~bold][:500]
    asked = contender.decode(regular + direction, of_regular)
    other = contender.decode(regular + random * direction.norm() / random.norm(), of_regular)
    return {
        "bold_asked": judge.is_bold(asked).float().mean().item(),
        "bold_random": judge.is_bold(other).float().mean().item(),
        "digit_kept": judge.report(asked, of_regular)["control"],
    }


def evenness(steps: Tensor) -> float:
    """How even walks are, from the lengths of their steps, (S, N): mean step over longest, averaged over N walks."""
    return (steps.mean(0) / steps.amax(0)).mean().item()


def _cost(action: Callable[[], Any]) -> float:
    began = time.process_time()
    action()
    return time.process_time() - began
