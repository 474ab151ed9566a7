"""A VAE of molecules: one network reads a text into a code, another writes it from the code, a third measures it."""

import torch
from torch import Tensor, nn

from helpers.losses import reparameterize
from helpers.sampling import sample_next

PAD, BEGIN, END = 0, 1, 2


class MoleculeVAE(nn.Module):
    """Reads tokens into N(mu, exp(logvar)), writes them from a code one by one, and guesses properties from the code.

    Source: Bowman et al. 2016, arXiv:1511.06349 (a VAE of sentences); Gómez-Bombarelli et al. 2018, arXiv:1610.02415
    (of molecules, with a predictor trained along); the layers are ours.
    """

    def __init__(
        self, vocab_size: int, latent_dim: int = 32, hidden_dim: int = 192, d_token: int = 48, n_properties: int = 3
    ) -> None:
        """Build it.

        Args:
            vocab_size: Tokens, the three special ones (0 padding, 1 begin, 2 end) included; at least 4.
            latent_dim: Numbers of a code.
            hidden_dim: Width of both recurrent networks.
            d_token: Numbers that stand for one token.
            n_properties: Measures to guess from a code.
        Raises:
            ValueError: If one of them is too small; the message quotes it.
        """
        super().__init__()
        self.config = {"vocab_size": vocab_size, "latent_dim": latent_dim, "hidden_dim": hidden_dim, "d_token": d_token}
        self.config["n_properties"] = n_properties
        for name, value in self.config.items():
            if value < (least := 4 if name == "vocab_size" else 1):
                raise ValueError(f"{name} is {value}; give at least {least}.")
        self.embed = nn.Embedding(vocab_size, d_token, padding_idx=PAD)
        self.reader = nn.GRU(d_token, hidden_dim, batch_first=True)
        self.to_code = nn.Linear(hidden_dim, 2 * latent_dim)
        self.first = nn.Linear(latent_dim, hidden_dim)
        self.writer = nn.GRU(d_token + latent_dim, hidden_dim, batch_first=True)
        self.to_logits = nn.Linear(hidden_dim, vocab_size)
        self.predict = nn.Sequential(nn.Linear(latent_dim, 128), nn.SiLU(), nn.Linear(128, n_properties))  # to (B, P)

    def encode(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Give the codes' means and log variances; int64 (B, T), padded at the right -> (B, Z), (B, Z)."""
        states, _ = self.reader(self.embed(ids))  # (B, T, H)
        last = (ids != PAD).sum(1) - 1
        mu, logvar = self.to_code(states[torch.arange(len(ids)), last]).chunk(2, dim=1)
        return mu, logvar

    def decode(self, z: Tensor, ids: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Logits of the token after each given one, (B, T, V), and the writer's state; (B, Z), int64 (B, T)."""
        state = self.first(z).tanh()[None] if state is None else state  # (1, B, H)
        code = z[:, None].expand(-1, ids.shape[1], -1)  # (B, T, Z)
        states, state = self.writer(torch.cat([self.embed(ids), code], dim=2), state)
        return self.to_logits(states), state

    def forward(self, ids: Tensor, eps: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Read, draw a code, and write with the true tokens before each place given (teacher forcing).

        Args:
            ids: Texts from begin to end, padded, int64, shape (B, T).
            eps: Standard normal noise, shape (B, Z); drawn here if not given.
        Returns:
            Logits of ids[:, 1:], shape (B, T - 1, V); guessed properties, (B, P); mu and logvar, both (B, Z).
        """
        mu, logvar = self.encode(ids)
        z = reparameterize(mu, logvar, torch.randn_like(mu) if eps is None else eps)
        return self.decode(z, ids[:, :-1])[0], self.predict(z), mu, logvar

    @torch.no_grad()
    def write(
        self, z: Tensor, longest: int = 60, temperature: float = 0.0, generator: torch.Generator | None = None
    ) -> Tensor:
        """Write a text from each code, (B, Z) -> int64 (B, <= `longest`); temperature 0 takes the likeliest tokens."""
        token, state, written = torch.full((len(z), 1), BEGIN, device=z.device), None, []
        ended = torch.zeros(len(z), dtype=torch.bool, device=z.device)
        for _ in range(longest):
            logits, state = self.decode(z, token, state)
            token = sample_next(logits[:, 0], temperature, generator=generator)[:, None]  # (B, 1)
            written.append(token.masked_fill(ended[:, None], PAD))
            ended |= token[:, 0] == END
            if ended.all():
                break
        return torch.cat(written, 1)
