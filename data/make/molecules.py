"""Make the library of molecules: `python data/make/molecules.py`, a minute or two on one core.

Chemists often build libraries like this one: a core, a linker, a tail, and a second group on the core. The parts below
are common in drugs; which of them may meet is decided by the atom they meet at, so that no bond is one that falls apart
in water. 40,000 of the more than a million combinations are drawn from a fixed seed. RDKit measures each.
"""

import argparse
import gzip
import io
import math
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from helpers.downloads import DATA
from helpers.molecules import MAX_TOKENS, PROPERTIES, canonical, measure, split_tokens

N, HEAVIEST = 40_000, 500
# {a} and {b} are the places of the tail and of the second group. "c" is an ordinary carbon; "n" a nitrogen, or a carbon
# beside one or beside an oxygen: there, another nitrogen or oxygen would make a bond that does not last.
CORES = {
    "c1cc({a})ccc1{b}": "cc", "c1cc({a})cc({b})c1": "cc", "c1ccc({a})c({b})c1": "cc",
    "c1cc({a})c(F)cc1{b}": "cc", "c1cc({a})c(OC)cc1{b}": "cc",
    "c1cc({a})ncc1{b}": "cc", "c1cc({a})cnc1{b}": "cc", "c1cc({a})cc({b})n1": "cc",
    "c1nc({a})ncc1{b}": "cc", "c1cc({a})nnc1{b}": "cc", "c1cnc({a})c({b})n1": "cc",
    "c1c({a})[nH]c2ccc({b})cc12": "cc", "c1c({a})c2cc({b})ccc2[nH]1": "cc", "c1ccc2c(c1)nc({a})cc2{b}": "cc",
    "c1cc({a})cc2cc({b})cnc12": "cc", "c1c({a})ccc2[nH]c({b})nc12": "cc", "c1c({a})oc2ccc({b})cc12": "cc",
    "c1c({a})sc2cc({b})ccc12": "cc", "c1nc2cc({a})ccc2n1{b}": "cn", "c1c({a})sc({b})n1": "cc",
    "c1c({a})oc({b})n1": "cc", "c1c({a})[nH]nc1{b}": "cc", "c1c({a})nn({b})c1": "cn",
    "n1c({a})onc1{b}": "cc", "n1nc({a})oc1{b}": "cc", "c1c({a})sc({b})c1": "cc", "c1c({a})oc({b})c1": "cc",
    "C1CCN({a})CC1{b}": "nc", "C1CN({a})CCC1{b}": "nc", "C1CN({a})CCN1{b}": "nn", "C1CC({a})CN1{b}": "cn",
    "C1COC({a})CN1{b}": "nn", "O=C1NC({a})CN1{b}": "nn", "C1CC1({a}){b}": "nn", "C1CCC({a})C({b})C1": "cc",
    "N1C(=O)C({a})Cc2cc({b})ccc12": "cc", "c1cc2c(cc1{a})OCCN2{b}": "cn", "c1cc2c(cc1{a})OCO2": "cc",
    "c1cc2c(cc1{a})CCN({b})C2": "cn", "O=c1[nH]c({a})nc2cc({b})ccc12": "cc",
}  # fmt: skip
LINKERS = {
    "c": (
        "",
        "C",
        "C(=O)N",
        "NC(=O)",
        "O",
        "CO",
        "OC",
        "S(=O)(=O)N",
        "NS(=O)(=O)",
        "CN",
        "N",
        "C(=O)",
        "CNC(=O)",
        "NC(=O)N",
    ),
    "n": ("", "C", "C(=O)", "C(=O)N", "S(=O)(=O)", "CC(=O)N", "CC"),
}
# Ring digits of tails differ from those of cores: a shared one would close a ring between them.
TAILS = (
    "C", "CC", "C(C)C", "CC(C)C", "C8CC8", "CC8CC8", "C8CCCC8", "C8CCCCC8", "C8CCOCC8", "C8CCOC8", "C8CCN(C)CC8",
    "c8ccccc8", "c8ccc(F)cc8", "c8cccc(F)c8", "c8ccc(Cl)cc8", "c8ccc(C)cc8", "c8ccc(OC)cc8", "c8ccc(C#N)cc8",
    "c8ccc(C(F)(F)F)cc8", "c8ccc(F)c(F)c8", "c8ccccn8", "c8cccnc8", "c8ccncc8", "c8ncccn8", "c8cccs8", "c8ccco8",
    "c8cc(C)on8", "c8nccs8", "c8cnn(C)c8", "CCO", "CCOC", "CCN(C)C", "CC#N", "CC(N)=O",
)  # fmt: skip
SMALL = {
    "c": ("", "F", "Cl", "Br", "C", "CC", "OC", "C#N", "C(F)(F)F", "N", "O", "CO", "C(N)=O", "C(=O)OC", "C(=O)O",
          "NC(C)=O", "S(C)(=O)=O", "N(C)C", "OC(F)F", "C(C)C"),
    "n": ("C", "CC", "C(C)C", "C(C)=O", "S(C)(=O)=O", "CCO", "CC(N)=O", "CCOC"),
}  # fmt: skip
SECOND_TAIL = 0.4  # share of molecules whose second group is a linker and tail as well


def combinations(dice: random.Random) -> Iterator[str]:
    """Molecules without end, as SMILES, each a draw of every part."""
    while True:
        core, places = dice.choice([*CORES.items()])
        first, second = (dice.choice(LINKERS[place]) + dice.choice(TAILS) for place in places)
        if dice.random() >= SECOND_TAIL:
            second = dice.choice(SMALL[places[1]])
        second = second.replace("8", "9")
        yield core.format(a=first, b=second).replace("()", "")


def library(n: int, seed: int = 0) -> list[tuple[str, dict[str, float]]]:
    """The first `n` combinations that differ as molecules, weigh at most 500 and are short enough; each measured."""
    dice, found, seen = random.Random(seed), [], set()
    for smiles in combinations(dice):
        same = canonical(smiles)
        if same is None:
            raise ValueError(f"{smiles} is no molecule: mend the part that made it.")
        if same not in seen and len(split_tokens("selfies", smiles)) <= MAX_TOKENS:
            measures = measure(smiles)
            if measures["weight"] <= HEAVIEST:
                seen.add(same)
                found.append((smiles, measures))
        if len(found) == n:
            return found


def entropy() -> float:
    """Nats that one text is worth: the average of minus the logarithm of its probability."""
    nats = math.log(len(CORES))
    for core, (first, second) in CORES.items():
        tails = [Counter(linker + tail for linker in LINKERS[place] for tail in TAILS) for place in (first, second)]
        shares = [{text: count / counts.total() for text, count in counts.items()} for counts in tails]
        for text in SMALL[second]:
            shares[1][text] = shares[1].get(text, 0.0) + (1 / SECOND_TAIL - 1) / len(SMALL[second])
        total = sum(shares[1].values())  # 1 / SECOND_TAIL
        shares = [shares[0], {text: share / total for text, share in shares[1].items()}]
        nats -= sum(p * math.log(p) for part in shares[: core.count("{")] for p in part.values()) / len(CORES)
    return nats


def main() -> None:
    """Write data/molecules.tsv.gz: SMILES, QED, logP and weight, a line each; the same bytes every time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=DATA, help="where to write; data/ if not given")
    folder = parser.parse_args().folder
    lines = ["\t".join(["smiles", *PROPERTIES])]
    for smiles, found in library(N):
        lines.append(f"{smiles}\t{found['qed']:.3f}\t{found['logp']:.2f}\t{found['weight']:.1f}")
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as file:
        file.write("\n".join([*lines, ""]).encode())
    path = folder / "molecules.tsv.gz"
    path.write_bytes(packed.getvalue())
    print(f"{path.name}: {N:,} molecules, {path.stat().st_size / 1000:.0f} kB; {entropy():.1f} nats a text")


if __name__ == "__main__":
    main()
