"""CycleGAN: two generators that translate between two unpaired sets of pictures, two discriminators, and their game."""

import copy
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from helpers.game import blend
from helpers.glyphs import CHARACTERS
from helpers.imageset import ImageSet

# Chosen before any training: digits, capitals and small letters, none that looks like its other case or like another.
HELD_OUT = "247AEHRTbdhn"
SANS, SERIF = ("DejaVu Sans Regular",), ("DejaVu Serif Bold Italic", "STIX Bold Italic")  # style X and style Y
Net = Callable[[Tensor], Tensor]


def style_sets(data: ImageSet, held_out: bool) -> tuple[ImageSet, ImageSet]:
    """Pick from glyphs the pictures of style X and those of style Y, of the held-out characters or of all others."""
    names = [CHARACTERS.index(c) for c in HELD_OUT]
    wanted = torch.isin(data.labels, torch.tensor(names)) == held_out
    return tuple(data.select(wanted & torch.isin(data.factors["font"], fonts)) for fonts in style_fonts(data))


def style_fonts(data: ImageSet) -> tuple[Tensor, Tensor]:
    """The numbers of the fonts of style X and of style Y."""
    known = data.factor_names["font"]
    return tuple(torch.tensor([known.index(name) for name in style]) for style in (SANS, SERIF))


# ---- losses


def lsgan_discriminator_loss(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    r"""Least-squares discriminator loss: real ones should score 1, made ones 0.

    $$\tfrac1B\sum_i (D(y_i) - 1)^2 + \tfrac1B\sum_i D(\hat y_i)^2$$

    Source: Mao et al. 2017, arXiv:1611.04076, the 0-1 coding without the halves, as CycleGAN uses it.
    """
    return (real_scores - 1).square().mean() + fake_scores.square().mean()


def lsgan_generator_loss(fake_scores: Tensor) -> Tensor:
    """Least-squares generator loss: made pictures should score 1; the mean of (score - 1)^2."""
    return (fake_scores - 1).square().mean()


def cycle_loss(there: Net, back: Net, x: Tensor, y: Tensor, made_y: Tensor, made_x: Tensor) -> Tensor:
    r"""How far both round trips end from where they began, in grey values per pixel, summed over the two trips.

    $$\overline{\left|F(G(x)) - x\right|} + \overline{\left|G(F(y)) - y\right|}$$

    Args:
        there, back: The translators G and F.
        x, y: Real pictures of each style, (B, 1, H, W).
        made_y, made_x: Their translations `there(x)` and `back(y)`, already at hand.
    Source: Zhu et al. 2017, arXiv:1703.10593, eq. 2.
    """
    return (back(made_y) - x).abs().mean() + (there(made_x) - y).abs().mean()


def identity_loss(there: Net, back: Net, x: Tensor, y: Tensor) -> Tensor:
    r"""How much each translator changes what is already in its target style, in grey values per pixel.

    $$\overline{\left|G(y) - y\right|} + \overline{\left|F(x) - x\right|}$$

    Source: Zhu et al. 2017, arXiv:1703.10593, section 5.2.
    """
    return (there(y) - y).abs().mean() + (back(x) - x).abs().mean()


# ---- what independent judges read


def content_kept(logits: Tensor, labels: Tensor) -> float:
    """Share of pictures, logits (N, classes), that are read as the character they were made from, labels (N,)."""
    return (logits.argmax(1) == labels).float().mean().item()


def style_flipped(font_logits: Tensor, source: Tensor, target: Tensor) -> float:
    """Share of pictures that the judge of fonts finds likelier in the target style's fonts than in the source's.

    Args:
        font_logits: Shape (N, fonts).
        source, target: The numbers of each style's fonts, one or more; their probabilities are added.
    """
    probs = font_logits.softmax(1)
    return (probs[:, target].sum(1) > probs[:, source].sum(1)).float().mean().item()


def style_exact(font_logits: Tensor, target: Tensor) -> float:
    """Share of pictures whose likeliest font, among all that the judge knows, is one of the target style's."""
    return torch.isin(font_logits.argmax(1), target).float().mean().item()


# ---- the nets and their game


class ResidualBlock(nn.Module):
    """Adds to its input what two convolutions find, so that doing nothing is easy; shape (B, C, H, W) stays."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.InstanceNorm2d(channels, affine=True),
            nn.SiLU(),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.InstanceNorm2d(channels, affine=True),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Input plus what was found."""
        return x + self.net(x)


def make_translator(channels: int = 32) -> nn.Sequential:
    """From picture to picture in [0, 1], both (B, 1, 28, 28), through `2 * channels` features at 4x4."""
    wide = 2 * channels
    return nn.Sequential(
        nn.Conv2d(1, channels, 4, stride=2, padding=1),  # (B, C, 14, 14)
        nn.SiLU(),
        nn.Conv2d(channels, wide, 4, stride=2, padding=1),  # (B, 2C, 7, 7)
        nn.InstanceNorm2d(wide, affine=True),
        nn.SiLU(),
        nn.Conv2d(wide, wide, 3, stride=2, padding=1),  # (B, 2C, 4, 4)
        nn.InstanceNorm2d(wide, affine=True),
        nn.SiLU(),
        ResidualBlock(wide),
        ResidualBlock(wide),
        nn.ConvTranspose2d(wide, wide, 3, stride=2, padding=1),  # (B, 2C, 7, 7)
        nn.InstanceNorm2d(wide, affine=True),
        nn.SiLU(),
        nn.ConvTranspose2d(wide, channels, 4, stride=2, padding=1),  # (B, C, 14, 14)
        nn.InstanceNorm2d(channels, affine=True),
        nn.SiLU(),
        nn.ConvTranspose2d(channels, 1, 4, stride=2, padding=1),  # (B, 1, 28, 28)
        nn.Sigmoid(),
    )


def make_style_discriminator(channels: int = 32) -> nn.Sequential:
    """From pictures, (B, 1, 28, 28), to a score each, (B, 1): near 1 for real ones of its style, 0 for made ones.

    Source: spectral norm, Miyato et al. 2018, arXiv:1802.05957.
    """
    return nn.Sequential(
        spectral_norm(nn.Conv2d(1, channels, 4, stride=2, padding=1)),  # (B, C, 14, 14)
        nn.LeakyReLU(0.2),
        spectral_norm(nn.Conv2d(channels, 2 * channels, 4, stride=2, padding=1)),  # (B, 2C, 7, 7)
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        spectral_norm(nn.Linear(2 * channels * 7 * 7, 128)),
        nn.LeakyReLU(0.2),
        spectral_norm(nn.Linear(128, 1)),  # (B, 1)
    )


class StyleTransfer(nn.Module):
    """Both directions in one model: `there` from style X to style Y, `back` from Y to X.

    Source: Zhu et al. 2017, arXiv:1703.10593.
    """

    def __init__(self, channels: int = 32) -> None:
        """Build it; `channels` is the width at 14x14, at least 1."""
        super().__init__()
        self.config = {"channels": channels}
        self.there, self.back = make_translator(channels), make_translator(channels)

    @torch.no_grad()
    def translate(self, x: Tensor, back: bool = False) -> Tensor:
        """Translate pictures in [0, 1], shape (B, 1, 28, 28); any other shape is refused."""
        if x.ndim != 4 or x.shape[1:] != (1, 28, 28):
            raise ValueError(f"pictures have shape {tuple(x.shape)}; this model takes (B, 1, 28, 28).")
        net = self.back if back else self.there
        return torch.cat([net(part) for part in x.split(500)])


class CycleGame:
    """The game of both translators against both discriminators.

    Attributes:
        model: The translators; `average` is a copy with the running mean of their weights.
        discriminators: Of style Y and of style X, in this order.
        weights: How much the cycle loss and the identity loss count beside the adversarial loss, which counts 1.
    """

    def __init__(self, weights: Mapping[str, float], channels: int = 32, lr: float = 1e-3, lr_d: float = 4e-4) -> None:
        self.model, self.weights = StyleTransfer(channels), dict(weights)
        self.identity = self.weights["identity"]
        self.discriminators = nn.ModuleList([make_style_discriminator(channels), make_style_discriminator(channels)])
        self.average = copy.deepcopy(self.model)
        self.rates, self.done = (lr, lr_d), 0
        self.opt_g = torch.optim.Adam(self.model.parameters(), lr=lr, betas=(0.0, 0.99))
        self.opt_d = torch.optim.Adam(self.discriminators.parameters(), lr=lr_d, betas=(0.0, 0.99))

    def schedule(self, progress: float) -> None:
        """Set what changes in a run while `progress` goes from 0 to 1.

        The identity loss fades out over the first half; both learning rates fall to zero in the last 40 %.
        """
        self.weights["identity"] = self.identity * max(0.0, 1 - progress / 0.5)
        for optimizer, lr in zip((self.opt_g, self.opt_d), self.rates, strict=True):
            optimizer.param_groups[0]["lr"] = lr * min(1.0, (1 - progress) / 0.4)

    def step(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        """One step of all four on real pictures x and y, (B, 1, 28, 28) each, that need not show the same."""
        there, back = self.model.there, self.model.back
        made_y, made_x = there(x), back(y)
        loss_d = sum(
            lsgan_discriminator_loss(d(real), d(made.detach()))
            for d, real, made in zip(self.discriminators, (y, x), (made_y, made_x), strict=True)
        )
        self.opt_d.zero_grad()
        loss_d.backward()
        self.opt_d.step()
        parts = {"adversarial": lsgan_generator_loss(self.discriminators[0](made_y))}
        parts["adversarial"] = parts["adversarial"] + lsgan_generator_loss(self.discriminators[1](made_x))
        if self.weights["cycle"]:
            parts["cycle"] = cycle_loss(there, back, x, y, made_y, made_x)
        if self.weights["identity"]:
            parts["identity"] = identity_loss(there, back, x, y)
        self.opt_g.zero_grad()
        sum(self.weights.get(name, 1.0) * part for name, part in parts.items()).backward()
        self.opt_g.step()
        blend(self.average, self.model, keep=min(0.995, self.done / (self.done + 10)))
        self.done += 1
        return {"loss_d": loss_d} | parts
