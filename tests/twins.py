"""What a lesson builds, taken out of its notebook, so that a test can compare it with its twin in helpers."""

import ast
from types import SimpleNamespace

from tools.notebooks import ROOT, code_cells, read


def from_notebook(name: str, *definitions: str) -> SimpleNamespace:
    """Run the imports of a notebook and the named definitions, and nothing else of it.

    Args:
        name: `11_two_players`.
        definitions: Names of classes, functions or constants that the notebook defines at top level; what one needs
            of another is named before it or after it, in any order.
    Returns:
        A namespace with those names: `from_notebook("11_two_players", "Generator").Generator`.
    Raises:
        LookupError: If the notebook does not define a name; the message quotes it.
    """
    nodes = [node for cell in code_cells(read(ROOT / "notebooks" / f"{name}.ipynb")) for node in _parse(cell.source)]
    defined = {d: node for node in nodes for d in _defines(node)}
    if missing := [d for d in definitions if d not in defined]:
        raise LookupError(f"{name} does not define {', '.join(missing)}.")
    wanted = {id(defined[d]) for d in definitions}
    kept = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom) or id(node) in wanted]
    space: dict[str, object] = {"__name__": name}
    exec(compile(ast.Module(kept, []), f"{name}.ipynb", "exec"), space)
    return SimpleNamespace(**{d: space[d] for d in definitions})


def _parse(source: str) -> list[ast.stmt]:
    """A cell's statements, without lines for IPython."""
    return ast.parse("\n".join("" if line.startswith(("%", "!")) else line for line in source.split("\n"))).body


def _defines(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else []
    return [t.id for t in targets if isinstance(t, ast.Name)]
