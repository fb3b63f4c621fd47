"""Where scenario files lie."""

from __future__ import annotations

from pathlib import Path

from supplychain.facts.errors import Fault, InputError, nearest

# One's own first, then those shipped beside the code.
FOLDERS = (Path("scenarios"), *(Path(__file__).parents[up] / "scenarios" for up in (1, 2)))


def find(name: str | Path) -> Path:
    """The file of a scenario given as a path or as a bare name.

    A bare name is looked up in `./scenarios/` first, then among the scenarios shipped with the package.

    Raises
    ------
    InputError : where there is no such file; names the nearest scenario.
    """
    path = Path(name)
    if path.suffix in (".yaml", ".yml") or path.is_file():
        if path.is_file():
            return path
        raise InputError([Fault(path, 1, 1, "no such scenario file")])
    for folder in FOLDERS:
        if (folder / f"{name}.yaml").is_file():
            return folder / f"{name}.yaml"
    known = {file.stem for folder in FOLDERS if folder.is_dir() for file in folder.glob("*.yaml")}
    raise InputError([Fault(path, 1, 1, f"no such scenario; {nearest(name, known)}")])


def every() -> list[Path]:
    """The files of `./scenarios/`; of the scenarios shipped with the package where there is no such folder.

    Raises
    ------
    InputError : the folder holds none.
    """
    folder = next(folder for folder in FOLDERS if folder.is_dir())
    if files := sorted(folder.glob("*.yaml")):
        return files
    raise InputError([Fault(folder, 1, 1, "holds no scenario, no file *.yaml")])


def beginning_with(incomplete: str) -> list[str]:
    """Scenario names and files that begin so, for the shell's completion."""
    names = {file.stem for folder in FOLDERS for file in folder.glob("*.yaml")}
    return sorted(n for n in names if n.startswith(incomplete)) + [str(f) for f in Path().glob(f"{incomplete}*.yaml")]
