"""Lesson 14's models: a generator that reads captions, the discriminator that reads them too, and the judge."""

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from helpers.captions import ATTRIBUTES, VOCABULARY, encode, only

SIZES = tuple(map(len, ATTRIBUTES.values()))  # how many values each attribute has
# What the three parts of the generator hear: who draws, who puts the drawing down, who mixes the colours.
HEARS = (("character", "family", "weight", "slant"), ("size", "place"), ("colour", "background"))


class TextEncoder(nn.Module):
    """The words of a caption as vectors, added up, then mixed by one matrix: the order of the words is lost."""

    def __init__(self, vocab_size: int, text_dim: int) -> None:
        super().__init__()
        self.words = nn.Embedding(vocab_size, text_dim, padding_idx=0)
        self.mix = nn.Linear(text_dim, text_dim)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.mix(bag_of_words(self.words.weight, tokens))  # (B, T, D) -> (B, D); padding adds zeros


def stamp(mask: Tensor, where: Tensor) -> Tensor:
    """Put a drawing's centre of ink down somewhere: (B, 1, 32, 32) masks, (B, 3) log size, shift right, shift down.

    Shifts are in half widths from the picture's middle. Source: Jaderberg et al. 2015, arXiv:1506.02025.
    """
    shrink = torch.exp(-where[:, :1, None])  # (B, 1, 1)
    theta = torch.cat([torch.eye(2, device=mask.device) * shrink, centre(mask) - where[:, 1:, None] * shrink], 2)
    grid = nn.functional.affine_grid(theta, list(mask.shape), align_corners=False)  # theta: (B, 2, 3)
    return nn.functional.grid_sample(mask, grid, align_corners=False)


def centre(mask: Tensor) -> Tensor:
    """Mean place of the ink of square masks, (B, 1, W, W): right and down of the middle, in half widths, (B, 2, 1)."""
    edge = 1 - 1 / mask.shape[-1]  # where the outermost pixels' middles lie
    steps = torch.linspace(-edge, edge, mask.shape[-1], device=mask.device)
    right, down = mask.sum(2) @ steps, mask.sum(3) @ steps  # (B, 1) each
    return torch.stack([right, down], 1) / (mask.sum((2, 3))[:, :, None] + 1e-3)


class CaptionGenerator(nn.Module):
    """Draws a shape, puts it down like a stamp, and mixes ink and paper with it; each part hears its own words only.

    The mask is Vondrick et al.'s (2016, arXiv:1609.02612), what and where are apart as in Reed et al. (2016,
    arXiv:1610.02454), and words scale and shift each layer's channels (FiLM, Perez et al. 2018, arXiv:1709.07871).
    """

    def __init__(
        self, vocab_size: int = len(VOCABULARY), text_dim: int = 64, latent_dim: int = 16, channels: int = 32
    ) -> None:
        """Build it; `channels` is the width at 16x16, `latent_dim` the noise numbers for each picture."""
        super().__init__()
        self.config = {
            "vocab_size": vocab_size, "text_dim": text_dim, "latent_dim": latent_dim, "channels": channels
        }  # fmt: skip
        self.text = TextEncoder(vocab_size, text_dim)
        widths = (4 * channels, 2 * channels, channels)
        self.start = nn.Linear(latent_dim + text_dim, widths[0] * 16)
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(i, o, 4, 2, 1) for i, o in zip(widths, (*widths[1:], 1), strict=True)
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(width, affine=False) for width in widths)
        self.dials = nn.ModuleList(nn.Linear(latent_dim + text_dim, 2 * width) for width in widths)
        self.colours = nn.Linear(latent_dim + text_dim, 6)
        self.stamp = nn.Sequential(nn.Linear(text_dim, text_dim), nn.SiLU(), nn.Linear(text_dim, 3))

    def codes(self, tokens: Tensor) -> list[Tensor]:
        """What the three parts hear of captions, int64 (B, T): three codes, each (B, text_dim)."""
        return [self.text(only(tokens, *names)) for names in HEARS]

    def paint(self, z: Tensor, shape: Tensor, where: Tensor, colour: Tensor) -> Tensor:
        """Noise, (B, latent_dim), and three codes, (B, text_dim), to pictures in [0, 1], (B, 3, 32, 32)."""
        told = torch.cat([z, shape], 1)
        h = self.start(told).unflatten(1, (-1, 4, 4))
        for norm, dial, up in zip(self.norms, self.dials, self.up, strict=True):
            h = up(nn.functional.silu(film(norm(h), *dial(told).chunk(2, 1))))  # twice as large
        mask = stamp(h.sigmoid(), 0.5 * torch.tanh(self.stamp(where)))
        ink, paper = (
            self.colours(torch.cat([z, colour], 1)).sigmoid()[:, :, None, None].chunk(2, 1)
        )  # (B, 3, 1, 1) each
        return paper + mask * (ink - paper)

    def forward(self, z: Tensor, tokens: Tensor) -> Tensor:
        """Noise, (B, latent_dim), and words, int64 (B, T), to pictures in [0, 1], (B, 3, 32, 32)."""
        if z.ndim != 2 or z.shape[1] != self.config["latent_dim"] or tokens.shape[:1] != z.shape[:1]:
            raise ValueError(
                f"noise has shape {tuple(z.shape)} and words {tuple(tokens.shape)}; "
                f"this generator takes (B, {self.config['latent_dim']}) and (B, T)."
            )
        return self.paint(z, *self.codes(tokens))

    def noise(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Standard normal noise for n pictures, (n, latent_dim)."""
        return torch.randn(n, self.config["latent_dim"], generator=generator)

    @torch.no_grad()
    def sample(self, captions: list[str], generator: torch.Generator | None = None) -> Tensor:
        """Draw each caption once, as pictures in [0, 1], (B, 3, 32, 32); unknown words raise a ValueError."""
        tokens = encode(captions)
        parts = zip(self.noise(len(tokens), generator).split(500), tokens.split(500), strict=True)
        return torch.cat([self(z, words) for z, words in parts])


class CaptionDiscriminator(nn.Module):
    """Says how real a picture is as the picture of a caption, and reads the eight attributes.

    Sources: projection, Miyato & Koyama 2018, arXiv:1802.05637; reading heads, Odena et al. 2017, arXiv:1610.09585.
    """

    def __init__(self, vocab_size: int = len(VOCABULARY), text_dim: int = 64, channels: int = 32) -> None:
        """Build it; `channels` is the width at 16x16."""
        super().__init__()
        self.config = {"vocab_size": vocab_size, "text_dim": text_dim, "channels": channels}
        self.text = TextEncoder(vocab_size, text_dim)
        self.body = nn.Sequential(
            spectral_norm(nn.Conv2d(3, channels, 4, 2, 1)),  # (B, C, 16, 16)
            nn.LeakyReLU(0.2),
            spectral_norm(nn.Conv2d(channels, 2 * channels, 4, 2, 1)),  # (B, 2C, 8, 8)
            nn.LeakyReLU(0.2),
            spectral_norm(nn.Conv2d(2 * channels, 4 * channels, 4, 2, 1)),  # (B, 4C, 4, 4)
            nn.LeakyReLU(0.2),
            nn.Flatten(),
        )
        n_features = 4 * channels * 16
        self.real = spectral_norm(nn.Linear(n_features, 1))
        self.match = spectral_norm(nn.Linear(n_features, text_dim))
        self.read = nn.Linear(n_features, sum(SIZES))

    def score(self, h: Tensor, tokens: Tensor) -> Tensor:
        """How real the features are as a picture of the captions, (B,): real at all, plus how well they match."""
        text = nn.functional.normalize(self.text(tokens), dim=1)
        return self.real(h).squeeze(1) + projection(self.match(h), text)

    def forward(self, x: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Pictures, (B, 3, 32, 32), and words, (B, T), to scores, (B,), and attribute logits, (B, 35)."""
        h = self.body(x)
        return self.score(h, tokens), self.read(h)


class CaptionJudge(nn.Module):
    """Reads the eight attributes of a picture; trained on real pictures alone."""

    def __init__(self, channels: int = 24, n_features: int = 96) -> None:
        """Build it; `channels` is the width at 16x16."""
        super().__init__()
        self.config = {"channels": channels, "n_features": n_features}
        layers, width = [], 3
        for out in (channels, 2 * channels, 3 * channels):  # 16x16, 8x8, 4x4
            layers += [nn.Conv2d(width, out, 4, 2, 1), nn.BatchNorm2d(out), nn.ReLU()]
            width = out
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Linear(16 * width, n_features), nn.ReLU())
        self.heads = nn.Linear(n_features, sum(SIZES))

    def forward(self, x: Tensor) -> Tensor:
        """Pictures in [0, 1], (B, 3, 32, 32), to the logits of all values of all attributes, (B, 35)."""
        return self.heads(self.body(x))

    @torch.no_grad()
    def read(self, x: Tensor) -> Tensor:
        """The number of each attribute's likeliest value, (B, 8)."""
        logits = torch.cat([self(part) for part in x.split(500)])
        return torch.stack([part.argmax(1) for part in logits.split(SIZES, 1)], 1)


def reading_loss(logits: Tensor, attributes: Tensor) -> Tensor:
    """Sum over the attributes of the mean cross-entropy; logits (B, 35), attributes int64 (B, 8)."""
    parts = zip(logits.split(SIZES, 1), attributes.unbind(1), strict=True)
    return sum(nn.functional.cross_entropy(logit, target) for logit, target in parts)


def bag_of_words(vectors: Tensor, tokens: Tensor) -> Tensor:
    """Add up the vectors of a caption's words; word 0 is padding and adds nothing.

    Args:
        vectors: One row for each word, (V, D).
        tokens: Numbers of words, int64 (B, T).
    Returns:
        Shape (B, D).
    """
    return (vectors[tokens] * (tokens != 0)[:, :, None]).sum(1)


def film(h: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Scale each channel of h, (B, C, H, W), by 1 + scale and add shift, both (B, C): caption as volume control.

    Source: Perez et al. 2018, arXiv:1709.07871, eq. 2.
    """
    return h * (1 + scale[:, :, None, None]) + shift[:, :, None, None]


def projection(features: Tensor, text: Tensor) -> Tensor:
    """How well pictures match captions: one dot product a pair, (B, D), (B, D) -> (B,).

    Source: Miyato & Koyama 2018, arXiv:1802.05637, eq. 3.
    """
    return (features * text).sum(1)


def matching_loss(right: Tensor, wrong: Tensor, fake: Tensor) -> Tensor:
    """Hinge loss of a discriminator that must refuse generated pictures and real ones under a wrong caption.

    Args:
        right: Logits of real pictures with their captions, (B,).
        wrong: Logits of real pictures with other captions, (B,).
        fake: Logits of generated pictures with the captions they were asked for, (B,).
    Source: Reed et al. 2016, arXiv:1605.05396, algorithm 1, with the hinge in place of logarithms.
    """
    relu = nn.functional.relu
    return relu(1 - right).mean() + (relu(1 + wrong).mean() + relu(1 + fake).mean()) / 2


def all_right(read: Tensor, wanted: Tensor) -> float:
    """Share of pictures of which every attribute is read as asked; both int64 (N, attributes)."""
    return (read == wanted).all(1).float().mean().item()
