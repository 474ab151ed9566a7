"""Molecules as text: an embedded library, ZINC or your own file; SELFIES and SMILES as tokens; what RDKit measures."""

import csv
import gzip
import hashlib
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor
from tqdm.auto import tqdm

from helpers.downloads import DATA, fetch
from helpers.models.molecule_vae import BEGIN, END, PAD

try:
    import selfies
    from rdkit import Chem, RDLogger
    from rdkit.Chem import QED, Crippen, Descriptors, rdFingerprintGenerator
    from rdkit.Chem.FilterCatalog import FilterCatalog, FilterCatalogParams
    from rdkit.Chem.Scaffolds import MurckoScaffold
    from rdkit.Contrib.SA_Score import sascorer
except ImportError as error:
    raise ImportError(
        f"Molecules need the extra `chem` ({error}): python -m pip install --constraint constraints.txt '.[chem]'"
    ) from error

RDLogger.DisableLog("rdApp.*")  # a text that is no molecule is an answer here, not an event to log
PROPERTIES = ("qed", "logp", "weight")
MAX_TOKENS = 48  # SELFIES tokens of the longest molecule that is kept
SMILES_TOKEN = re.compile(r"\[[^\]]+\]|Br|Cl|%\d\d|.")


@dataclass(frozen=True, eq=False, repr=False)
class MoleculeSet:
    """Molecules and what was measured of them.

    Attributes:
        smiles: Each molecule as SMILES, N of them.
        properties: "qed" in [0, 1], "logp" (log10 of the octanol-water ratio), "weight" in dalton; each (N,) float32.
    """

    smiles: tuple[str, ...]
    properties: dict[str, Tensor]

    def __len__(self) -> int:
        return len(self.smiles)

    def __repr__(self) -> str:
        return f"MoleculeSet({len(self):,} molecules, properties: {', '.join(self.properties)})"

    def __getitem__(self, part: slice) -> "MoleculeSet":
        return MoleculeSet(self.smiles[part], {name: values[part] for name, values in self.properties.items()})


def load_molecules(name: str | Path = "library", split: str = "train", n: int | None = None) -> MoleculeSet:
    """Load drug-like molecules: the embedded library, the downloaded ZINC sample, or a file of yours.

    Lines that cannot be used (no molecule, more than MAX_TOKENS tokens, the same molecule again) are left out, and a
    warning names them.

    Args:
        name: "library", "zinc", or the path of a .smi file: one SMILES a line, anything may follow after a space.
        split: "train" or "test"; about one molecule in ten is for testing, in whichever way it is written.
        n: Only so many, the first ones; all if not given. Measuring takes about 2 ms each, except for the library.
    Raises:
        ValueError: If the split or n is impossible, or the file holds no molecule; the message quotes it.
        FileNotFoundError: If there is no such file or set.
        helpers.downloads.DownloadError: If ZINC cannot be fetched.
    """
    if split not in ("train", "test"):
        raise ValueError(f"There is no split {split!r}; known are 'train', 'test'.")
    if n is not None and (isinstance(n, bool) or not isinstance(n, int) or n < 1):
        raise ValueError(f"n must be a positive whole number of molecules, got {n!r}.")
    if name == "library":
        smiles, columns = _library()
        mine = [i for i in range(len(smiles)) if (i % 10 == 9) == (split == "test")][:n]
        return MoleculeSet(tuple(smiles[i] for i in mine), {key: column[mine] for key, column in columns.items()})
    return _measured(_zinc() if name == "zinc" else _smi(Path(name)), split, n, str(name))


def measure(smiles: str) -> dict[str, float] | None:
    """QED, logP and weight of a molecule; None if the text is no molecule.

    QED is a score of drug-likeness from 0 to 1, fitted to what eight properties of approved drugs look like.

    Source: Bickerton et al. 2012, doi:10.1038/nchem.1243 (QED); Wildman & Crippen 1999 (logP), as RDKit computes them.
    """
    values = _values(smiles)
    return None if values is None else dict(zip(PROPERTIES, values, strict=True))


@lru_cache(1 << 16)  # a search asks for the same molecules again and again
def _values(smiles: str) -> tuple[float, ...] | None:
    molecule = parse(smiles)
    return None if molecule is None else (QED.qed(molecule), Crippen.MolLogP(molecule), Descriptors.MolWt(molecule))


def qed_of(smiles: Iterable[str]) -> Tensor:
    """QED of each text, (N,); 0 where it is no molecule."""
    return torch.tensor([(measure(s) or {"qed": 0.0})["qed"] for s in smiles])


def parse(smiles: str) -> Chem.Mol | None:
    """RDKit's molecule of a SMILES text; None if it is empty or no molecule."""
    return Chem.MolFromSmiles(smiles) if smiles else None


def _molecule(smiles: str) -> Chem.Mol:
    """RDKit's molecule; a ValueError quotes a text that is none."""
    molecule = parse(smiles)
    if molecule is None:
        raise ValueError(f"{smiles!r} is no molecule; `canonical` gives None for such a text.")
    return molecule


def canonical(smiles: str) -> str | None:
    """The one SMILES that RDKit gives to every way of writing a molecule; None if the text is no molecule."""
    molecule = parse(smiles)
    return None if molecule is None else Chem.MolToSmiles(molecule)


def scaffold(smiles: str) -> str:
    """A molecule's rings and what joins them, without side groups, as SMILES; empty if it has no ring.

    Source: Bemis & Murcko 1996, doi:10.1021/jm9602928.
    """
    return MurckoScaffold.MurckoScaffoldSmiles(mol=_molecule(smiles))


def synthesizability(smiles: str) -> float:
    """How hard a molecule looks to make, from 1 (easy) to 10.

    Source: Ertl & Schuffenhauer 2009, doi:10.1186/1758-2946-1-8.
    """
    return sascorer.calculateScore(_molecule(smiles))


def fingerprints(smiles: Iterable[str]) -> Tensor:
    """Which small fragments each molecule holds, every atom with its neighbours up to two bonds away, bool (N, 2048).

    Source: Morgan 1965; Rogers & Hahn 2010, doi:10.1021/ci100050t, as RDKit computes them.
    """
    maker = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    return torch.stack([torch.from_numpy(maker.GetFingerprintAsNumPy(_molecule(s))) for s in smiles]).bool()


def alerts(smiles: str) -> list[str]:
    """Names of the fragments that chemists avoid in a drug, because they react or are toxic.

    Source: Brenk et al. 2008, doi:10.1002/cmdc.200700139, as RDKit lists them.
    """
    return [match.GetDescription() for match in _brenk().GetMatches(_molecule(smiles))]


@lru_cache
def _brenk() -> "FilterCatalog":
    return FilterCatalog(FilterCatalogParams(FilterCatalogParams.FilterCatalogs.BRENK))


class Tokens:
    """A way to write molecules as rows of numbers, and back: 0 is padding, 1 the beginning, 2 the end.

    Attributes:
        kind: "selfies" or "smiles".
        known: The tokens, after padding, beginning and end; sorted.
    """

    def __init__(self, kind: str, known: Sequence[str]) -> None:
        """Take the representation and the tokens to know; `Tokens.of` finds them in molecules."""
        if kind not in ("selfies", "smiles"):
            raise ValueError(f"There is no representation {kind!r}; known are 'selfies', 'smiles'.")
        self.kind, self.known = kind, tuple(known)
        self._ids = {token: i + 3 for i, token in enumerate(self.known)}

    @classmethod
    def of(cls, kind: str, smiles: Iterable[str]) -> "Tokens":
        """Know the tokens that occur in these molecules."""
        return cls(kind, sorted({token for text in smiles for token in split_tokens(kind, text)}))

    def __len__(self) -> int:
        """Size of the vocabulary, the three special tokens included."""
        return len(self.known) + 3

    def encode(self, smiles: Sequence[str]) -> Tensor:
        """Molecules as token numbers, each between beginning and end, padded: int64, shape (N, T).

        Raises:
            ValueError: If there is no molecule, or one holds an unknown token; the message names both.
        """
        if not smiles:
            raise ValueError("There is no molecule to encode; give at least one.")
        rows = []
        for text in smiles:
            parts = split_tokens(self.kind, text)
            if unknown := [part for part in parts if part not in self._ids]:
                raise ValueError(f"{unknown[0]!r} in {text!r} is unknown here; known are: {' '.join(self.known)}")
            rows.append(torch.tensor([BEGIN, *(self._ids[part] for part in parts), END]))
        return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=PAD)

    def texts(self, ids: Tensor) -> list[str]:
        """Rows of token numbers as text of this representation, up to the first end; shape (N, T).

        Raises:
            ValueError: If a number is no token; the message quotes it.
        """
        if ids.numel() and not (ids.min() >= 0 and ids.max() < len(self)):
            raise ValueError(f"token numbers go from {ids.min()} to {ids.max()}; known are 0 to {len(self) - 1}.")
        found = []
        for row in ids.tolist():
            row = row[: row.index(END)] if END in row else row
            found.append("".join(self.known[i - 3] for i in row if i > END))
        return found

    def decode(self, ids: Tensor) -> list[str]:
        """Rows of token numbers as SMILES, shape (N, T); what is no molecule is not mended."""
        texts = self.texts(ids)
        return [selfies.decoder(text) for text in texts] if self.kind == "selfies" else texts


def to_selfies(smiles: str) -> str:
    """Write a SMILES as SELFIES; a ValueError quotes a text that is no molecule.

    Source: Krenn et al. 2020, arXiv:1905.13741.
    """
    try:
        return selfies.encoder(smiles)
    except selfies.EncoderError as error:
        raise ValueError(f"{smiles!r} cannot be written as SELFIES: it is no molecule.") from error


def split_tokens(kind: str, smiles: str) -> list[str]:
    """The tokens of a molecule, written as "selfies" or left as "smiles"."""
    return list(selfies.split_selfies(to_selfies(smiles))) if kind == "selfies" else SMILES_TOKEN.findall(smiles)


def _library() -> tuple[list[str], dict[str, Tensor]]:
    """What data/make/molecules.py wrote."""
    path = DATA / "molecules.tsv.gz"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: get it with git, or run `python data/make/molecules.py`.")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    columns = {name: torch.tensor([float(row[name]) for row in rows]) for name in PROPERTIES}
    return [row["smiles"] for row in rows], columns


def _smi(path: Path) -> Iterator[tuple[int, str]]:
    """Line number and SMILES of each line of a file that is not empty."""
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {str(path)!r}; give 'library', 'zinc', or the path of a .smi file.")
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield number, line.split()[0]


def _zinc() -> Iterator[tuple[int, str]]:
    """Record number and SMILES of each record of the ZINC sample."""
    with fetch("zinc/250k_rndm_zinc_drugs_clean_3.csv").open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), 1):
            yield number, row["smiles"].strip()


def _measured(lines: Iterable[tuple[int, str]], split: str, n: int | None, name: str) -> MoleculeSet:
    """Measure the molecules of numbered lines that belong to a split, until there are n; warn of unusable lines."""
    kept, rows, seen = [], [], set()
    left_out: dict[str, list[int]] = {}
    for number, smiles in tqdm(lines, desc=f"reading {name}", leave=False, delay=2):
        same = canonical(smiles)
        why = "" if same and _is_for(split, same) else "other split" if same else "no molecule"
        if not why:
            why = "the same molecule again" if same in seen else _unwritable(smiles)
            seen.add(same)
        if not why:
            kept.append(smiles)
            rows.append(measure(smiles))
        left_out.setdefault(why, []).append(number)
        if len(kept) == n:
            break
    for why, numbers in left_out.items():
        if why not in ("", "other split"):
            some = ", ".join(map(str, numbers[:10])) + (", ..." if len(numbers) > 10 else "")
            warnings.warn(f"{name}: {len(numbers)} line(s) left out, {why}: {some}", stacklevel=3)
    if not kept:
        raise ValueError(f"{name} holds no molecule for {split} that can be used; give one SMILES a line, such as CCO.")
    return MoleculeSet(tuple(kept), {key: torch.tensor([row[key] for row in rows]) for key in PROPERTIES})


def _is_for(split: str, same: str) -> bool:
    """Whether a molecule, as canonical SMILES, belongs to a split: decided by its hash, so never to both."""
    return (hashlib.sha256(same.encode()).digest()[0] % 10 == 9) == (split == "test")


def _unwritable(smiles: str) -> str:
    """Why SELFIES cannot write a molecule within MAX_TOKENS; empty if it can."""
    try:
        n = len(split_tokens("selfies", smiles))
    except ValueError:
        return "no molecule that SELFIES can write"
    return f"longer than {MAX_TOKENS} SELFIES tokens" if n > MAX_TOKENS else ""
