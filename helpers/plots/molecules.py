"""Pictures of molecules, and of the map of their codes."""

import io
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.image import imread
from rdkit.Chem.Draw import rdMolDraw2D
from torch import Tensor

from helpers.molecules import parse
from helpers.plots.base import CYCLE, DPI, figure

WIDTH, HEIGHT = 150, 112  # pixels of one molecule


def molecule_grid(smiles: Sequence[str], legends: Sequence[str] = (), columns: int = 5) -> Figure:
    """Picture molecules in rows of `columns`, each with its legend below; what is no molecule is an empty place."""
    columns = min(columns, len(smiles))
    rows = -(-len(smiles) // columns)
    line = 0.18 * (1 + max((text.count("\n") for text in legends), default=-1))  # inches for the legend
    width, height = WIDTH / DPI, HEIGHT / DPI + line
    fig = Figure(figsize=(columns * width, rows * height), dpi=DPI, layout="none")
    for i, text in enumerate(smiles):
        left, bottom = (i % columns) / columns, 1 - (i // columns + 1) / rows
        axes = fig.add_axes((left, bottom + line / height / rows, 1 / columns, (1 - line / height) / rows))
        axes.set_axis_off()
        axes.imshow(_pixels(text), interpolation="nearest", aspect="auto")
        if i < len(legends):
            axes.text(0.5, -0.02, legends[i], transform=axes.transAxes, ha="center", va="top", size=9)
    return fig


def _pixels(smiles: str) -> np.ndarray:
    """One molecule's drawing, shape (HEIGHT, WIDTH, 3), values in [0, 1]; white if there is none."""
    molecule = parse(smiles)
    if molecule is None:
        return np.ones((HEIGHT, WIDTH, 3))
    drawing = rdMolDraw2D.MolDraw2DCairo(WIDTH, HEIGHT)
    drawing.drawOptions().padding = 0.03
    rdMolDraw2D.PrepareAndDrawMolecule(drawing, molecule)
    drawing.FinishDrawing()
    return imread(io.BytesIO(drawing.GetDrawingText()))[:, :, :3]


def property_maps(codes: Tensor, properties: Mapping[str, Tensor], labels: Mapping[str, str]) -> Figure:
    """Picture codes as points in a plane, coloured by one property in each panel.

    Args:
        codes: Places in the plane, shape (N, 2).
        properties: Name -> one value for each code, shape (N,).
        labels: Name -> what the colour bar says.
    """
    fig, axes = figure(3.2 * len(properties), 2.6, 1, len(properties))
    for axis, (name, values) in zip(axes[0], properties.items(), strict=True):
        low, high = (float(values.quantile(q)) for q in (0.02, 0.98))
        points = axis.scatter(*codes.T.numpy(), c=values.numpy(), s=6, cmap="cividis", vmin=low, vmax=high)
        axis.set(xticks=[], yticks=[], xlabel="first direction", ylabel="second direction")
        fig.colorbar(points, ax=axis, label=labels[name])
    return fig


def densities(sets: Mapping[str, Mapping[str, Tensor]], labels: Mapping[str, str]) -> Figure:
    """Picture how properties are spread in several sets of molecules, a panel for each property.

    Args:
        sets: Name of the set -> property -> values, shape (N,).
        labels: Property -> what the axis says.
    """
    fig, axes = figure(3.2 * len(labels), 2.5, 1, len(labels))
    for axis, (name, label) in zip(axes[0], labels.items(), strict=True):
        values = [properties[name].numpy() for properties in sets.values()]
        edges = np.linspace(*np.quantile(np.concatenate(values), (0.005, 0.995)), 31)  # without outliers
        for i, (who, v) in enumerate(zip(sets, values, strict=True)):
            style = ("-", "--", "-.", ":")[i % 4]
            axis.hist(
                v, edges, density=True, histtype="step", color=CYCLE[i], linestyle=style, linewidth=1.6, label=who
            )
        axis.set(xlabel=label, yticks=[])
    axes[0, 0].set_ylabel("density")
    axes[0, -1].legend(fontsize=8)
    return fig
