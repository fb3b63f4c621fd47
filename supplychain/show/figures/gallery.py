"""All figures of a result, or of several, as files: drawn once, for whoever looks into the folder and for the page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from supplychain.facts.errors import Fault, InputError
from supplychain.results.result import Result, load
from supplychain.results.summary import REFERENCE
from supplychain.results.writing import whole_set
from supplychain.show.figures.cost import costs, waterfall
from supplychain.show.figures.drawn import Record, complete, read_record, stamp, there, write_record
from supplychain.show.figures.flows import sankey
from supplychain.show.figures.maps import flow_map
from supplychain.show.figures.pool import Task, each
from supplychain.show.figures.prices import (
    outside_prices,
    price_heatmap,
    price_multiples,
    price_paths,
    shadow_heatmap,
)
from supplychain.show.figures.region import central_asia, central_asia_built, central_asia_displaces
from supplychain.show.figures.reliance import dependence, dependence_change
from supplychain.show.figures.shortage import lost_services, unmet
from supplychain.show.figures.stops import stop_and_cap
from supplychain.show.figures.style import PORTRAIT, figure_of, is_nothing
from supplychain.show.figures.suppliers import supply_overview
from supplychain.show.figures.svg import save, save_both, to_svg
from supplychain.show.figures.transport import corridors

PER_SCENARIO: dict[str, Callable[..., Axes | Figure]] = {
    "supply_mine": lambda result: supply_overview(result, "mine"),
    "supply_refine": lambda result: supply_overview(result, "refine"),
    "dependence": dependence,
    "unmet": unmet,
    "vehicles_lost": lambda result: lost_services(result, "vehicle"),
    "power_lost": lambda result: lost_services(result, "MW"),
    "prices": price_heatmap,
    "shadow_prices": shadow_heatmap,
    "central_asia": central_asia,
    "central_asia_built": central_asia_built,
    "corridors": corridors,
}
PER_MINERAL: dict[str, Callable[[Result, str, int], Axes]] = {"sankey": sankey, "map": flow_map}
BESIDE: dict[str, Callable[..., Axes]] = {
    "cost": waterfall,
    "dependence": dependence_change,
    "displaced": central_asia_displaces,
}
# Which of these the page shows too, of every scenario: they are drawn in a narrow form besides, for a telephone.
ON_PAGE = {"dependence", "unmet", "prices", "central_asia", "corridors"}
BESIDE_ON_PAGE = {"cost", "displaced"}
Of = TypeVar("Of")
OUTSIDE, STOP = "prices_outside_china", "stop_and_cap"


@dataclass(frozen=True)
class Drawing:
    """A figure that can be drawn.

    Attributes
    ----------
    name : of its files. of : stamp of the results that it shows. scenario : id of the one that it is about.
    draw : gives the figure. on_page : whether the page shows it too, and so its SVG is wanted.
    """

    name: str
    of: str
    scenario: str
    draw: Callable[..., Axes | Figure]
    on_page: bool = False

    def figure(self) -> Figure | None:
        """The figure, drawn; None where it has nothing to show."""
        drawn = self.draw()
        figure = figure_of(drawn) if isinstance(drawn, Axes) else drawn
        return None if is_nothing(figure) else figure

    def portrait(self) -> Drawing:
        """The same figure in a narrow form, of those on the page."""
        return replace(self, name=f"{self.name}_portrait", draw=partial(self.draw, form=PORTRAIT))

    @property
    def salt(self) -> str:
        """What the ids of its SVG are hashed with: its own on any page."""
        return f"{self.scenario}/{self.name}"


def of_scenario(result: Result, kind: str) -> Drawing:
    """One of the figures PER_SCENARIO."""
    draw = partial(PER_SCENARIO[kind], result)
    return Drawing(kind, stamp([result.manifest]), result.name, draw, kind in ON_PAGE)


def of_costs(result: Result, reference: Result | None) -> Drawing:
    """What a scenario costs: beside the reference, or where there is none in all."""
    of = stamp(found.manifest for found in (reference, result) if found)
    return Drawing("costs", of, result.name, partial(costs, result, before=reference))


def of_mineral(result: Result, kind: str, mineral: str) -> Drawing:
    """One of the figures PER_MINERAL, of the last year."""
    year = int(result.tables["paths"]["year"].max())
    draw = partial(PER_MINERAL[kind], result, mineral, year)
    return Drawing(f"{kind}_{mineral}", stamp([result.manifest]), result.name, draw)


def of_both(before: Result, after: Result, kind: str) -> Drawing:
    """One of the figures of a scenario BESIDE another."""
    of, draw = stamp([before.manifest, after.manifest]), partial(BESIDE[kind], before, after)
    return Drawing(f"{kind}_{after.name}", of, after.name, draw, kind in BESIDE_ON_PAGE)


def svg_of(drawing: Drawing, folder: Path | None = None) -> str:
    """A figure as SVG: as it stands in the folder, where it was drawn of the same results, else drawn now.

    Returns
    -------
    The same text either way; "" for a figure that has nothing to show.
    """
    files = there(folder, read_record(folder), drawing.name, drawing.of) if folder else None
    if files == []:
        return ""
    if svg := next((file for file in files or () if file.suffix == ".svg"), None):
        return svg.read_text(encoding="utf-8")
    figure = drawing.figure()
    return to_svg(figure, salt=drawing.salt) if figure else ""


def has_us_supply(result: Result) -> bool:
    """Whether a result has supply of the United States, which most figures show."""
    table = result.tables.get("dependence", pd.DataFrame())
    return "share_feoc" in table and bool((table["market"] == "USA").any())


def headline_minerals(result: Result, most: int = 2) -> list[str]:
    """Minerals in which Central Asia has most of US supply in the last year, at mine or refinery, the largest first."""
    table = result.tables["dependence"]
    table = table[(table["market"] == "USA") & (table["year"] == table["year"].max())]
    traced = set(result.tables["paths"]["mineral"])
    shares = table[table["mineral"].isin(traced)].groupby("mineral")["share_central_asia"].max()
    return [str(mineral) for mineral in shares.sort_values(ascending=False).index[:most]]


def draw_all(result: Result, folder: Path, reference: Result | None = None) -> list[Path]:
    """Every figure of one scenario that has something to show, as PNG, and those of the page as SVG too.

    Figures that are there already and of the same results are not drawn again.

    Parameters
    ----------
    reference : another scenario, that the costs are held against.

    Returns
    -------
    The files. Results without US supply have none.
    """
    if not has_us_supply(result):
        return []
    drawings = [of_scenario(result, kind) for kind in PER_SCENARIO]
    drawings += [of_costs(result, reference)]
    drawings += [of_mineral(result, kind, mineral) for mineral in headline_minerals(result) for kind in PER_MINERAL]
    return _recorded(drawings, folder)


def draw_comparison(results: Sequence[Result], observed: pd.Series, folder: Path) -> list[Path]:
    """Figures across scenarios: each against the first, and prices outside China under export controls.

    Parameters
    ----------
    observed : price of 2025 over the calibration price, by mineral.

    Returns
    -------
    The files; those that are there already and of the same results are not drawn again.
    """
    shown = [result for result in results if has_us_supply(result)]
    drawings = [of_both(shown[0], after, kind) for after in shown[1:] for kind in BESIDE]
    bans, cap = _bans_and_cap(shown, [result.manifest for result in shown])
    return _recorded([*drawings, *_under_bans(bans, cap, observed)], folder)


def _bans_and_cap(results: Sequence[Of], manifests: Iterable[Mapping[str, Any]]) -> tuple[list[Of], list[Of]]:
    """Which results have export bans; and the one of the others that caps most suppliers, where one caps any."""
    kinds = ([p["kind"] for p in of["scenario"]["resolved"]["policies"].values()] for of in manifests)
    told = list(zip(results, kinds, strict=True))
    bans = [result for result, has in told if "export_ban" in has]
    caps = [(result, has) for result, has in told if "supplier_cap" in has and "export_ban" not in has]
    caps.sort(key=lambda each: each[1].count("supplier_cap"), reverse=True)
    return bans, [result for result, _ in caps[:1]]


def _under_bans(bans: Sequence[Result], cap: Sequence[Result], observed: pd.Series) -> list[Drawing]:
    """Prices outside China, of all scenarios with export bans together and of each; the worst of them beside a cap."""
    minerals, seen = [str(mineral) for mineral in observed.index], observed.to_json()
    drawings = [
        Drawing(f"prices_{r.name}", stamp([r.manifest], seen), r.name, partial(price_paths, r, minerals)) for r in bans
    ]
    if bans:
        of = stamp([ban.manifest for ban in bans], seen)
        drawings.append(Drawing(OUTSIDE, of, "", partial(outside_prices, bans, observed)))
    if bans and cap:
        worst = max(bans, key=lambda ban: float(price_multiples(ban).reindex(minerals).max(axis=1).sum()))
        of = stamp([found.manifest for found in (*bans, *cap)], seen)
        drawings.append(Drawing(STOP, of, "", partial(stop_and_cap, worst, cap[0], observed)))
    return drawings


def draw_difference(before: Result, after: Result, folder: Path) -> list[Path]:
    """Cost item by item, and dependence on countries of concern, of one scenario against another; returns the files.

    Results in other money than USD, or without the United States, have none.
    """
    if not all(r.manifest["data"]["money"] == "USD" and has_us_supply(r) for r in (before, after)):
        return []
    with whole_set(folder) as new:
        figures = {kind: of_both(before, after, kind).figure() for kind in ("cost", "dependence")}
        drawn = [save(figure, new / f"{kind}.png") for kind, figure in figures.items() if figure]
    return [folder / file.name for file in drawn]


def _recorded(drawings: Iterable[Drawing], folder: Path) -> list[Path]:
    """Draws what is not there yet, and writes the record of the folder; returns the files of all the drawings."""
    drawings = _with_portraits(drawings)
    if new := _drawn(_missing(drawings, folder), folder):
        write_record(folder, read_record(folder) | new)
    record = read_record(folder)
    return [file for d in drawings for file in there(folder, record, d.name, d.of) or ()]


def _with_portraits(drawings: Iterable[Drawing]) -> list[Drawing]:
    """The drawings, and after each that the page shows its narrow form."""
    return [form for d in drawings for form in ((d, d.portrait()) if d.on_page else (d,))]


def _missing(drawings: Iterable[Drawing], folder: Path) -> list[Drawing]:
    """Those of the drawings that are not in the folder, of the same results."""
    record = read_record(folder)
    return [d for d in drawings if there(folder, record, d.name, d.of) is None]


def _drawn(drawings: Sequence[Drawing], folder: Path) -> Record:
    """Draws figures into a folder, all or none; what stood there of a figure with nothing to show is taken away."""
    if not drawings:
        return {}
    with whole_set(folder) as new:
        record = {d.name: {"of": d.of, "files": [file.name for file in _written(d, new)]} for d in drawings}
    for name in (name for name, entry in record.items() if not entry["files"]):
        for ending in (".png", ".svg"):
            (folder / f"{name}{ending}").unlink(missing_ok=True)
    return record


def _written(drawing: Drawing, folder: Path) -> list[Path]:
    figure, file = drawing.figure(), folder / f"{drawing.name}.png"
    if figure is None:
        return []
    return save_both(figure, file, drawing.salt) if drawing.on_page else [save(figure, file)]


def draw_results(
    folders: Sequence[Path],
    observed: pd.Series,
    out: Path,
    workers: int = 1,
    step: Callable[[str], Any] = lambda text: None,
) -> None:
    """Every figure of some result folders, and of each beside the reference, several scenarios at once.

    They are drawn from what the folders hold, into FOLDER/figures and, those across scenarios, into OUT/figures. What
    is there already and of the same results is not drawn again, and costs next to nothing.

    Parameters
    ----------
    folders : of at least one result. observed : price of 2025 over the calibration price, by mineral.
    workers : processes. step : told how far it is.

    Raises
    ------
    InputError : a folder that holds no result, or figures that cannot be written.
    """
    across = out / "figures"
    record, new = read_record(across), Record()
    tasks = _tasks(folders, observed, across, record)
    try:
        for done, drawn in enumerate(each(tasks, workers), 1):
            new |= drawn
            step(f"drew {done} of {len(tasks)}")
    finally:
        if new:
            write_record(across, record | new)


def _tasks(folders: Sequence[Path], observed: pd.Series, across: Path, record: Record) -> list[Task]:
    """What is to be drawn: the manifests say it, so that the tables of a result with all its figures are not read."""
    manifests = {folder: _manifest(folder) for folder in folders}
    first, *others = sorted(folders, key=lambda folder: manifests[folder]["scenario"]["name"] != REFERENCE)

    def lacks(*of: Path, besides: str = "") -> bool:
        return not complete(across, record, stamp([manifests[folder] for folder in of], besides))

    tasks: list[Task] = [
        partial(_draw_one, folder, first, across)
        for folder in (first, *others)
        if _lacks_its_own(folder, manifests[folder], manifests[first]) or (folder != first and lacks(first, folder))
    ]
    shown = [first, *others] if others else []
    bans, cap = _bans_and_cap(shown, [manifests[folder] for folder in shown])
    of_all, seen = [bans, *([ban] for ban in bans), [*bans, *cap]], observed.to_json()
    if bans and any(lacks(*of, besides=seen) for of in of_all):
        tasks.append(partial(_draw_bans, bans, cap, observed, across))
    return tasks


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((folder / "manifest.json").read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise InputError([Fault(folder, 1, 1, f"not a result folder: {error}")]) from None


def _lacks_its_own(folder: Path, manifest: dict[str, Any], reference: dict[str, Any]) -> bool:
    record = read_record(folder / "figures")
    stamps = {stamp([manifest]), stamp([manifest] if manifest is reference else [reference, manifest])}
    return not all(complete(folder / "figures", record, of) for of in stamps)


def _draw_one(folder: Path, first: Path, across: Path) -> Record:
    """The figures of one scenario, and those beside the first; returns what is to be recorded of these."""
    result = load(folder)
    before = load(first) if folder != first else None
    draw_all(result, folder / "figures", before)
    if before is None or not (has_us_supply(before) and has_us_supply(result)):
        return {}
    return _drawn(_missing(_with_portraits(of_both(before, result, kind) for kind in BESIDE), across), across)


def _draw_bans(bans: Sequence[Path], cap: Sequence[Path], observed: pd.Series, across: Path) -> Record:
    """Prices outside China under export bans, and under a cap beside them; returns what is to be recorded."""
    banned, capped = ([result for result in map(load, of) if has_us_supply(result)] for of in (bans, cap))
    return _drawn(_missing(_under_bans(banned, capped, observed), across), across)
