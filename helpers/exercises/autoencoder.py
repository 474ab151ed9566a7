"""Exercises of lesson 21, autoencoders, and the measures that they ask for."""

import torch
from torch import Tensor

from helpers.exercises.core import Exercise, register

LESSON = "21_autoencoder"


def squared_error(x_hat: Tensor, x: Tensor) -> Tensor:
    r"""What a reconstruction costs: squared differences, summed over the pixels of each picture.

    $$\lVert \hat x - x\rVert^2 = \sum_d (\hat x_d - x_d)^2$$

    Args:
        x_hat, x: Reconstructions and pictures, shape (B, ...).
    Returns:
        One error for each picture, in squared units of a pixel, shape (B,).
    """
    return (x_hat - x).square().flatten(1).sum(1)


def pca_reconstruct(x: Tensor, mean: Tensor, directions: Tensor) -> Tensor:
    r"""Squeeze pictures to k numbers along given directions, and draw them again.

    $$z = V(x - \bar x), \qquad \hat x = V^\top z + \bar x$$

    Args:
        x: Pictures as rows, shape (N, D).
        mean: The mean picture, shape (D,).
        directions: V, k orthonormal rows, shape (k, D).
    Returns:
        Reconstructions, shape (N, D).
    Source: Pearson 1901; Hotelling 1933.
    """
    codes = (x - mean) @ directions.T  # (N, k)
    return codes @ directions + mean


def shared_plane(a: Tensor, b: Tensor) -> Tensor:
    r"""How much two planes have in common: the mean squared cosine of the angles between them.

    $$\tfrac1k\lVert Q_a^\top Q_b\rVert^2, \quad Q \text{ orthonormal columns that span the same plane}$$

    Args:
        a: k directions, in any basis, not parallel to each other, shape (k, D).
        b: The other plane's, shape (k, D).
    Returns:
        1 for the same plane, 0 for planes at right angles, shape ().
    Source: Björck & Golub 1973, Mathematics of Computation 27.
    """
    q_a, q_b = (torch.linalg.qr(rows.T).Q for rows in (a, b))  # (D, k)
    return (q_a.T @ q_b).square().sum() / len(a)


def hole_share(draws: Tensor, codes: Tensor, radius: float) -> Tensor:
    """Share of made-up codes that have no real picture's code near them.

    Args:
        draws: Made-up codes, shape (M, Z).
        codes: Codes of real pictures, shape (N, Z).
        radius: What counts as near, in units of the code.
    Returns:
        A number in [0, 1], shape ().
    """
    nearest = torch.cdist(draws, codes).min(1).values  # (M,)
    return (nearest > radius).float().mean()


def fitted_codes(codes: Tensor, noise: Tensor) -> Tensor:
    r"""Make codes up with the mean and the covariance of given ones.

    $$z = \bar z + L\varepsilon, \qquad L L^\top = \mathrm{Cov}(z)$$

    Args:
        codes: Codes of real pictures, shape (N, Z), N > Z.
        noise: Draws of the standard normal distribution, shape (M, Z).
    Returns:
        Made-up codes, shape (M, Z).
    """
    root = torch.linalg.cholesky(codes.T.cov())  # (Z, Z), lower triangle
    return codes.mean(0) + noise @ root.T


def psnr(x_hat: Tensor, x: Tensor) -> Tensor:
    r"""Peak signal-to-noise ratio of each picture, for pixels in [0, 1].

    $$10\,\log_{10}\frac{1}{\text{mean squared difference of the pixels}}$$

    Args:
        x_hat, x: Restored and clean pictures, shape (B, ...).
    Returns:
        Decibels, shape (B,); 10 more is a tenth of the squared error.
    """
    return -10 * (x_hat - x).square().flatten(1).mean(1).log10()


def _numbers(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _pairs() -> list[tuple[Tensor, Tensor]]:
    x = torch.rand(3, 1, 4, 4, generator=torch.Generator().manual_seed(1))
    return [(0.7 * x + 0.1, x), (x[:2].flip(-1), x[:2])]


def _directions(k: int, d: int, seed: int) -> Tensor:
    return torch.linalg.qr(_numbers(d, k, seed=seed)).Q.T


def _codes() -> Tensor:
    return _numbers(30, 2, seed=5) @ torch.tensor([[2.0, 1.0], [0.0, 0.5]]) + torch.tensor([3.0, -1.0])


register(
    Exercise(
        "squared_error", LESSON, 1, 5, squared_error,
        cases=_pairs,
        mistakes={
            "You averaged over the pixels: add them up, so that an error is one of a whole picture.":
                lambda x_hat, x: (x_hat - x).square().flatten(1).mean(1),
            "You averaged over the batch: return one number for each picture.":
                lambda x_hat, x: squared_error(x_hat, x).mean(),
            "That is one mean over everything, as F.mse_loss gives: add up pixels, and keep the pictures apart.":
                lambda x_hat, x: (x_hat - x).square().mean(),
            "Those are absolute differences: square them.":
                lambda x_hat, x: (x_hat - x).abs().flatten(1).sum(1),
            "You took the square root: that is the distance, and PCA minimizes its square.":
                lambda x_hat, x: squared_error(x_hat, x).sqrt(),
            "You summed first and squared then: too bright and too dark pixels cancel.":
                lambda x_hat, x: (x_hat - x).flatten(1).sum(1).square(),
        },
        hints=(
            "One difference for each pixel; what makes it positive, and large ones count more?",
            "The batch is dimension 0: flatten(1) lays each picture out as a row.",
            "(x_hat - x).square().flatten(1).sum(1)",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "pca_reconstruct", LESSON, 2, 10, pca_reconstruct,
        cases=lambda: [
            (_numbers(4, 6), _numbers(6, seed=1), _directions(2, 6, 2)),
            (_numbers(3, 5, seed=3), _numbers(5, seed=4), _directions(5, 5, 5)),
        ],
        mistakes={
            "You did not subtract the mean before squeezing: the numbers are coordinates around the mean picture.":
                lambda x, mean, v: x @ v.T @ v + mean,
            "You did not add the mean again: add it to the drawn picture.":
                lambda x, mean, v: (x - mean) @ v.T @ v,
            "That is the squeezed code, k numbers: draw the picture from it again.":
                lambda x, mean, v: (x - mean) @ v.T,
            "That is what PCA loses, the rest: return what it keeps, plus the mean.":
                lambda x, mean, v: x - pca_reconstruct(x, mean, v),
        },
        hints=(
            "Three steps: move the mean to zero, take k coordinates, go back the same way.",
            "The coordinates along orthonormal rows V are (x - mean) @ V.T, shape (N, k).",
            "(x - mean) @ directions.T @ directions + mean",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "shared_plane", LESSON, 4, 15, shared_plane,
        cases=lambda: [
            (_numbers(2, 6, seed=1), _numbers(2, 6, seed=2)),
            (_numbers(3, 7, seed=3), torch.tensor([[2.0, 1, 0], [0, 1, 1], [1, 0, 3]]) @ _numbers(3, 7, seed=3)),
        ],
        mistakes={
            "The directions are not orthonormal: their lengths and angles count as if they were the planes'.":
                lambda a, b: (a @ b.T).square().sum() / len(a),
            "You made the directions as long as 1, but not at right angles to each other: use QR.":
                lambda a, b: (torch.nn.functional.normalize(a) @ torch.nn.functional.normalize(b).T).square().sum()
                / len(a),
            "You compared direction by direction: the same plane may be given in another basis.":
                lambda a, b: torch.cosine_similarity(a, b).square().mean(),
            "Divide by k: the same plane then gives 1, whatever k is.":
                lambda a, b: len(a) * shared_plane(a, b),
            "QR wants the directions as columns: transpose first.":
                lambda a, b: (torch.linalg.qr(a).Q.T @ torch.linalg.qr(b).Q).square().sum() / len(a),
        },
        hints=(
            "First make both bases orthonormal, without leaving their planes.",
            "torch.linalg.qr(a.T).Q has k orthonormal columns, (D, k), that span the same plane as the rows of a.",
            "(q_a.T @ q_b).square().sum() / k",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "hole_share", LESSON, 2, 10, hole_share,
        cases=lambda: [
            (3 * _numbers(40, 2), _numbers(25, 2, seed=1), 0.5),
            (2 * _numbers(30, 4, seed=2), _numbers(20, 4, seed=3), 2.0),
        ],
        mistakes={
            "That is the share that does have a picture near: the holes are the rest.":
                lambda draws, codes, radius: 1 - hole_share(draws, codes, radius),
            "You asked whether the farthest picture is far: the nearest one decides.":
                lambda draws, codes, radius: (torch.cdist(draws, codes).max(1).values > radius).float().mean(),
            "You asked from the pictures' side: for each draw, look for the nearest picture.":
                lambda draws, codes, radius: hole_share(codes, draws, radius),
            "You counted pairs: a draw lies in a hole only if all pictures are far.":
                lambda draws, codes, radius: (torch.cdist(draws, codes) > radius).float().mean(),
            "That is a number of draws: divide by how many there are.":
                lambda draws, codes, radius: hole_share(draws, codes, radius) * len(draws),
        },
        hints=(
            "For each draw: how far is the nearest real code?",
            "torch.cdist(draws, codes) holds all distances, shape (M, N).",
            "(torch.cdist(draws, codes).min(1).values > radius).float().mean()",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "fitted_codes", LESSON, 3, 10, fitted_codes,
        cases=lambda: [
            (_codes(), _numbers(6, 2, seed=6)),
            (_numbers(50, 3, seed=7) @ _numbers(3, 3, seed=8), _numbers(4, 3, seed=9)),
        ],
        mistakes={
            "You stretched each number by itself: the numbers of a code go together, use the whole covariance.":
                lambda codes, noise: codes.mean(0) + noise * codes.std(0),
            "You used the covariance itself: noise is stretched by its root, as by a standard deviation.":
                lambda codes, noise: codes.mean(0) + noise @ codes.T.cov(),
            "The root stands the wrong way round: row by row, L times noise is noise @ L.T.":
                lambda codes, noise: codes.mean(0) + noise @ torch.linalg.cholesky(codes.T.cov()),
            "The mean is missing: the codes lie around it, not around zero.":
                lambda codes, noise: fitted_codes(codes, noise) - codes.mean(0),
            "That is noise around the mean; the covariance is not used.":
                lambda codes, noise: codes.mean(0) + noise,
        },
        hints=(
            "In one dimension: mean + standard deviation times noise. What takes the place of the standard deviation?",
            "codes.T.cov() is the covariance; torch.linalg.cholesky gives a root L with L @ L.T equal to it.",
            "codes.mean(0) + noise @ torch.linalg.cholesky(codes.T.cov()).T",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "psnr", LESSON, 2, 5, psnr,
        cases=_pairs,
        mistakes={
            "The sign is flipped: a smaller error gives more decibels.":
                lambda x_hat, x: -psnr(x_hat, x),
            "That is the natural logarithm: decibels use base 10.":
                lambda x_hat, x: -10 * (x_hat - x).square().flatten(1).mean(1).log(),
            "You summed over the pixels: this ratio takes the mean squared difference.":
                lambda x_hat, x: -10 * squared_error(x_hat, x).log10(),
            "You averaged over the batch before the logarithm: return one number for each picture.":
                lambda x_hat, x: -10 * (x_hat - x).square().mean().log10(),
            "That peak is for pixels from 0 to 255: ours go up to 1.":
                lambda x_hat, x: psnr(x_hat, x) + 20 * torch.tensor(255.0).log10(),
            "The factor for squared quantities is 10: 20 belongs to differences that are not squared.":
                lambda x_hat, x: 2 * psnr(x_hat, x),
        },
        hints=(
            "Start from the mean squared difference of each picture's pixels.",
            "log10 of 1 / m is minus log10 of m.",
            "-10 * (x_hat - x).square().flatten(1).mean(1).log10()",
        ),
    )
)  # fmt: skip
