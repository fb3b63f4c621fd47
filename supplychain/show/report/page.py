"""Results read, and one HTML page about them written."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import matplotlib
import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from supplychain.facts.dataset import Dataset, coverage
from supplychain.facts.errors import Fault, InputError
from supplychain.results.result import EXPLAINED, Result, explained, load
from supplychain.results.writing import whole_file
from supplychain.show.figures.words import counted
from supplychain.show.report import tables
from supplychain.show.report.answer import answer
from supplychain.show.report.asia import asia_most, central_asia
from supplychain.show.report.brief import glance, opening
from supplychain.show.report.cases import GROUPS, Case, cases_of
from supplychain.show.report.figures import pictures
from supplychain.show.report.grids import Grid
from supplychain.show.report.names import names_of
from supplychain.show.report.payload import as_script, payload
from supplychain.show.report.slim import with_shared_styles
from supplychain.show.report.telling import Scene
from supplychain.show.report.words import SHORTAGE, number, percent

# Tables without rows are not written; the figures read these two whether or not they have any.
BLANK = {
    "policies": ["policy", "kind", "year", "mineral", "stage", "scope", "market", "asked", "achieved", "binding"],
    "unmet": ["year", "market", "item", "amount", "unit", "share", "value_musd"],
}
MANIFESTS = ("manifest.json", "*/manifest.json", f"*/{EXPLAINED}/manifest.json")
SCRIPTS = ("parts.js", "pictures.js", "compare.js", "report.js")
HEAD = 2000  # characters of a page that hold what it was made from
Step = Callable[[str], Any]


def read_results(folder: Path | str) -> list[Result]:
    """Every scenario in a results folder, or the one of which it is the folder.

    Raises
    ------
    InputError : the folder holds no scenario folder, one that cannot be read, or one scenario twice.
    """
    path = Path(folder)
    folders = [path] if (path / "manifest.json").is_file() else sorted(f.parent for f in path.glob("*/manifest.json"))
    if not folders:
        what = "no scenario folder in it" if path.is_dir() else "no such folder"
        raise InputError([Fault(path, 1, 1, f"not a results folder: {what}; `supplychain run` writes one")])
    results = [_read(one) for one in folders]
    for i, result in enumerate(results):
        if twin := [f for f, other in zip(folders[:i], results, strict=False) if other.name == result.name]:
            raise InputError([Fault(folders[i], 1, 1, f"scenario {result.name!r} is in {twin[0]} already")])
    return results


def _read(folder: Path) -> Result:
    try:
        result = load(folder)
        horizon = result.manifest["scenario"]["resolved"]["horizon"]
        result.tables["summary"], int(horizon["from"]), int(horizon["to"]), result.manifest["data"]["money"]
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(
            [Fault(folder / "manifest.json", 1, 1, f"not a result's manifest: {error} is missing")]
        ) from None
    for name, columns in BLANK.items():
        result.tables.setdefault(name, pd.DataFrame(columns=columns))
    result.tables["sentences"] = explained(folder)
    return result


def write(
    folder: Path | str, to: Path | str, known: Dataset, step: Step = lambda text: None, form: str = "report"
) -> Path:
    """Write the page about a results folder, whole or not at all; one of the same results and code stays as it is.

    Parameters
    ----------
    folder : results of one or several scenarios. to : the file to write (replaced if it is there).
    known : the facts, for names and sources. step : told what is being done.
    form : `report`, or `brief`: its opening and its answer, on two printed pages.

    Returns
    -------
    The file's path.

    Raises
    ------
    InputError : not a results folder, or a file that cannot be written.
    """
    target, source = Path(to), _made_from(Path(folder), known, form)
    if _says(target, source):
        return target
    results = read_results(folder)
    if form == "brief":
        text = render_brief(results, known, source)
    else:
        text = render(results, known, step, Path(folder), source)
    with whole_file(target) as whole:
        whole.write_text(text, encoding="utf-8")
    return target


def _made_from(folder: Path, known: Dataset, form: str) -> str:
    """SHA-256 of all that a page shows: its form, the results' manifests, the facts, and the code that makes it."""
    digest = hashlib.sha256(f"{form} {known.digest} {matplotlib.__version__}".encode())
    room = Path(__file__).parents[1]
    code = (file for file in room.rglob("*") if file.suffix in (".py", ".html", ".css", ".js"))
    for file in sorted([*code, *(f for depth in MANIFESTS for f in folder.glob(depth))]):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _says(page: Path, source: str) -> bool:
    """Whether a page was made from this source; its head says so."""
    if not page.is_file():
        return False
    with page.open(encoding="utf-8", errors="replace") as stream:
        return source in stream.read(HEAD)


def render(
    results: Sequence[Result],
    known: Dataset,
    step: Step = lambda text: None,
    folder: Path | None = None,
    source: str = "",
) -> str:
    """The page about some results as one HTML text that needs nothing else.

    Parameters
    ----------
    results : at least one. known : the facts. step : told what is being done.
    folder : where they come from; figures that stand there and show these results are taken as they are.
    source : digest of what the page is made from, for its head.
    """
    cases, names = cases_of(results), names_of(known)
    data = payload(cases, names)
    scenes = [Scene(case, cases[0], data["mineral"], names) for case in cases]
    heavy = {data["reference"], data["shown"]}
    return _filled(
        "report.html",
        **_beginning(cases, known, source),
        **_tables(cases, known),
        sourced=_sourced(cases, known),
        asia_most=asia_most(cases, names),
        script=Markup("\n".join(_text(name) for name in SCRIPTS)),
        compared=bool(data["minerals"]),
        groups=[(label, [c for c in cases if c.group == key]) for key, label in GROUPS.items() if _any(cases, key)],
        minerals=[(mineral, entry[0]) for mineral, entry in data["minerals"].items()],
        blocks=[_block(scene, scene.case.name in heavy, step, folder) for scene in scenes],
        data=Markup(as_script(data)),
    )


def render_brief(results: Sequence[Result], known: Dataset, source: str = "") -> str:
    """The opening and the answer of the page about some results, for two printed pages; arguments as for `render`."""
    return _filled("brief.html", **_beginning(cases_of(results), known, source))


def _beginning(cases: Sequence[Case], known: Dataset, source: str) -> dict[str, Any]:
    """What the page and the brief both begin with."""
    names = names_of(known)
    return {
        "css": Markup(_text("report.css")),
        "source": source,
        **_headings(cases),
        "opening": opening(cases),
        "answer": answer(cases, dict(names.minerals)),
        "concern": names.places(names.concern),
        "shortage": SHORTAGE,
        "glance": glance(cases),
    }


def _filled(template: str, **values: Any) -> str:
    environment = Environment(
        loader=PackageLoader("supplychain.show"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return with_shared_styles(environment.get_template(template).render(values))


def _text(name: str) -> str:
    return (files("supplychain.show") / "templates" / name).read_text(encoding="utf-8")


def _any(cases: Sequence[Case], group: str) -> bool:
    return any(case.group == group for case in cases)


def _block(scene: Scene, with_heavy: bool, step: Step, folder: Path | None) -> dict[str, Any]:
    """What the page holds of one scenario: the case, its figures, what binds, Central Asia."""
    step(f"drawing {scene.case.name}")
    return {
        "case": scene.case,
        "figures": [{**vars(picture), "svg": Markup(picture.svg)} for picture in pictures(scene, with_heavy, folder)],
        "binding": tables.binding(scene.case, scene.names),
        "asia": central_asia(scene.case, scene.names),
        "explained": _explained(scene.case),
    }


def _explained(case: Case) -> list[tuple[str, list[str]]]:
    """What `supplychain explain` says of a scenario, section by section; nothing where it was not run."""
    told = case.table("sentences")
    if told.empty:
        return []
    return [(str(section), list(part)) for section, part in told.groupby("section", sort=False)["sentence"]]


def _headings(cases: Sequence[Case]) -> dict[str, str]:
    first, last = cases[0].years[0], max(case.years[-1] for case in cases)
    minerals = len(cases[0].home("dependence")["mineral"].unique()) if cases[0].in_dollars else 0
    title = f"Critical minerals for the United States, {first}–{last}" if minerals else cases[0].title
    under = f"{counted(len(cases), 'scenario')}{f' of {number(minerals)} minerals' if minerals else ''}"
    return {
        "title": title,
        "under": under[:1].upper() + under[1:] + ", each solved to the least cost of supplying every market.",
        "version": version("supplychain"),
        "last": str(cases[0].years[-1]),
    }


def _sourced(cases: Sequence[Case], known: Dataset) -> str:
    """How well the facts are sourced, and whether they are those that the results were made from."""
    told = coverage(known)
    rows, sourced, estimated = (int(told[column].sum()) for column in ("rows", "sourced", "estimated"))
    text = (
        f"{number(rows)} rows of facts: {percent(sourced / max(rows, 1), 1)} name a source, and {number(estimated)} "
        "hold an estimate, made from a source or without one, each with its method and range."
    )
    made_from = {case.result.manifest["data"].get("sha256") for case in cases}
    if made_from == {known.digest}:
        return f"{text} All scenarios were solved on exactly these facts."
    return f"{text} Some scenarios were solved on another version of the facts than the one described here."


def _tables(cases: Sequence[Case], known: Dataset) -> dict[str, Grid]:
    return {
        "scenarios": tables.scenarios(cases),
        "public": tables.public_bill(cases),
        "certificates": tables.certificates(cases),
        "sources": tables.sources(known),
        "estimates": tables.estimates(known),
    }
