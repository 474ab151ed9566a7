"""One list of dependencies, exact versions, and two doors (make, conda) that use them."""

import ast
import importlib
import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, packages_distributions, requires, version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RUNTIME = [Requirement(line) for line in PROJECT["dependencies"]]
EXTRAS = {name: [Requirement(line) for line in lines] for name, lines in PROJECT["optional-dependencies"].items()}
INSTALLED = RUNTIME + EXTRAS["chem"] + EXTRAS["text"]  # by both commands
DECLARED = RUNTIME + [r for extra in EXTRAS.values() for r in extra]
UNPINNED = ("nvidia-", "triton", "cuda-", "setuptools")  # torch pins its GPU libraries; venv brings setuptools
OWN_FOLDERS = (ROOT, ROOT / "tests", ROOT / "data" / "make")
OWN_MODULES = {p.stem for folder in OWN_FOLDERS for p in folder.iterdir() if p.is_dir() or p.suffix == ".py"}


def _pins() -> dict[str, Version]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    lines = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][0-9A-Za-z.!]*", line) for line in lines), "only NAME==VERSION"
    return {canonicalize_name(name): Version(pin) for name, pin in (line.split("==") for line in lines)}


def _installed(name: str) -> Version | None:
    try:
        return Version(Version(version(name)).public)  # 2.13.0+cpu counts as 2.13.0
    except PackageNotFoundError:
        return None


def _needed(requirements: list[Requirement]) -> set[str]:
    """Names of all packages that the requirements bring here, theirs included."""
    found, todo = set(), list(requirements)
    while todo:
        requirement = todo.pop()
        name = canonicalize_name(requirement.name)
        if name not in found and _installed(name) is not None:
            found.add(name)
            todo += [r for r in map(Requirement, requires(name) or []) if _wanted(r, requirement.extras)]
    return found


def _wanted(requirement: Requirement, extras: set[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras))


def _imports(file: Path) -> set[str]:
    """First names of the modules that a file or a notebook imports from elsewhere."""
    source = file.read_text(encoding="utf-8")
    if file.suffix == ".ipynb":
        cells = [c for c in json.loads(source)["cells"] if c["cell_type"] == "code"]
        source = "\n".join(line for c in cells for line in "".join(c["source"]).split("\n") if line[:1] not in "%!")
    nodes = list(ast.walk(ast.parse(source)))
    names = [alias.name for n in nodes if isinstance(n, ast.Import) for alias in n.names]
    names += [n.module for n in nodes if isinstance(n, ast.ImportFrom) and n.module and not n.level]
    return {name.split(".")[0] for name in names} - sys.stdlib_module_names - OWN_MODULES - {file.stem}


def _undeclared(folder: str, declared: list[Requirement]) -> list[str]:
    names = {canonicalize_name(r.name) for r in declared}
    owners = packages_distributions()
    files = [f for pattern in ("*.py", "*.ipynb") for f in sorted((ROOT / folder).rglob(pattern))]
    return [
        f"{file.relative_to(ROOT)} imports {module}"
        for file in files
        if not any(part.startswith(".") for part in file.relative_to(ROOT).parts)
        for module in sorted(_imports(file))
        if not {canonicalize_name(owner) for owner in owners.get(module, [])} & names
    ]


@pytest.mark.parametrize("requirement", DECLARED, ids=lambda r: r.name)
def test_every_dependency_is_pinned_within_its_range(requirement):
    pin = _pins().get(canonicalize_name(requirement.name))
    assert pin is not None, f"constraints.txt has no line for {requirement.name}"
    assert pin in requirement.specifier


def test_installed_versions_are_the_pinned_ones():
    pins = _pins()
    installed = {name: _installed(name) for name in pins}
    assert {n: str(v) for n, v in installed.items() if v not in (None, pins[n])} == {}
    missing = [r.name for r in INSTALLED + EXTRAS["test"] if installed[canonicalize_name(r.name)] is None]
    assert missing == []


def test_what_the_dependencies_bring_is_pinned_too():
    needed = _needed(INSTALLED + EXTRAS["test"])
    assert len(needed) > len(INSTALLED + EXTRAS["test"])
    assert [n for n in sorted(needed - set(_pins())) if not n.startswith(UNPINNED)] == []


def test_torch_is_2_13_without_the_packages_that_break_it():
    torch = next(r for r in RUNTIME if r.name == "torch")
    assert torch.specifier == SpecifierSet(">=2.13,<2.14")
    assert {canonicalize_name(r.name) for r in DECLARED}.isdisjoint({"torchvision", "torch-fidelity"})
    assert _pins().keys().isdisjoint({"torchvision", "torch-fidelity"})


@pytest.mark.parametrize("requirement", INSTALLED + EXTRAS["test"], ids=lambda r: r.name)
def test_every_dependency_imports(requirement):
    name = canonicalize_name(requirement.name)
    modules = [m for m, owners in packages_distributions().items() if name in map(canonicalize_name, owners)]
    public = [m for m in modules if not m.startswith("_") and m.isidentifier()]
    assert public, f"{name} holds no module"
    importlib.import_module(min(public, key=lambda m: canonicalize_name(m) != name))


@pytest.mark.parametrize("folder", ["helpers", "notebooks", "data/make"])
def test_lessons_import_only_what_is_declared(folder):
    assert _undeclared(folder, INSTALLED) == []


def test_tests_import_only_what_is_declared():
    assert _undeclared("tests", INSTALLED + EXTRAS["test"]) == []


def test_the_import_scan_sees_an_undeclared_package():
    assert "tests/test_environment.py imports yaml" in _undeclared("tests", RUNTIME)


def test_conda_door_holds_python_pip_and_this_project():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    python, pip, install = environment["dependencies"]
    name, wanted = python.split("=")
    assert (name, pip, list(install)) == ("python", "pip", ["pip"])
    assert f"{wanted}.0" in SpecifierSet(PROJECT["requires-python"])
    assert install["pip"] == [
        "--extra-index-url https://download.pytorch.org/whl/cpu",
        "--constraint constraints.txt",
        "--editable .[chem,text]",
    ]


def test_make_installs_the_project_under_the_constraints():
    def planned(goal: str) -> list[str]:
        command = ["make", "--dry-run", "--always-make", goal]
        lines = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
        return [line for line in lines if "pip install" in line]

    lab, test = planned("lab"), planned("test")
    assert lab and all("--constraint constraints.txt" in line for line in lab + test)
    assert lab[-1].endswith("--editable '.[chem,text]'") and test[-1].endswith("--editable '.[chem,text,test]'")


def test_an_old_python_is_told_what_to_do(tmp_path):
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    for file in ("Makefile", "pyproject.toml", "constraints.txt"):
        (tmp_path / file).write_text((ROOT / file).read_text(encoding="utf-8"))
    run = subprocess.run(["make", "lab", f"PYTHON={old}"], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode and "needs Python 3.11 or newer" in run.stderr
    assert not (tmp_path / ".venv").exists()


def test_code_and_notebooks_are_clean_for_ruff():
    for command in (["check"], ["format", "--check"]):
        run = subprocess.run([sys.executable, "-m", "ruff", *command, "."], cwd=ROOT, capture_output=True, text=True)
        assert run.returncode == 0, run.stdout + run.stderr


def test_licence_and_citation_are_complete_and_agree():
    assert (PROJECT["license"], PROJECT["license-files"]) == ("MIT", ["LICENSE"])
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert text.startswith("MIT License\n") and "The Generative Architectures authors" in text
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    title = (ROOT / "README.md").read_text(encoding="utf-8").split("\n")[0].removeprefix("# ")
    assert citation.keys() >= {"message", "date-released"}
    assert {key: str(citation[key]) for key in ("cff-version", "title", "type", "version", "license")} == {
        "cff-version": "1.2.0",
        "title": title,
        "type": "software",
        "version": PROJECT["version"],
        "license": PROJECT["license"],
    }
    assert citation["authors"] == [{"name": "The Generative Architectures authors"}]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", str(citation["date-released"]))
    assert {"url", "doi", "repository-code"}.isdisjoint(citation)  # there is none to name yet


def test_commands_of_the_readme_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    goals = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    shown = set(re.findall(r"(?:^ {4}|`|=\S+ )make (\w+)", readme, re.MULTILINE))
    assert {"lab", "test", "notebooks", "times", "checkpoints", "lint"} <= shown <= goals
    installs = re.findall(r"pip (?:install|download) .*", readme)
    assert len(installs) >= 4 and all("--constraint constraints.txt" in line for line in installs)
    for extras in re.findall(r"\.\[([\w,]+)\]", readme):
        assert {"chem", "text"} <= set(extras.split(",")) <= set(EXTRAS), extras
    files = re.findall(r"`(?:python )?(\w[\w/]*/\w+\.(?:py|txt|toml))\b", readme)
    assert [file for file in files if not (ROOT / file).exists()] == []
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
    assert all(f'"{requirement}"' in readme for requirement in build)  # without a network, a build needs them too
