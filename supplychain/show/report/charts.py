"""The data of the page's figures: for the button that gives them away, and for drawing them anew on a telephone."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import pandas as pd

from supplychain.show import figures
from supplychain.show.figures import style
from supplychain.show.report.cases import Case
from supplychain.show.report.names import Names
from supplychain.show.report.words import spoken

SEEN = 1.0  # percentage points from which a gain or loss is drawn
STILL = 0.05  # of the normal price
Row = tuple[str, list[float | None]]


@dataclass(frozen=True)
class Chart:
    """What a figure shows.

    Attributes
    ----------
    of : what its rows are. look : how it is drawn on a telephone: `heat` (a row of tinted cells), `dots` (marks on one
    scale), `bars` (to the left and right of nought), or `none`. unit : of the values. columns : their names. rows :
    (label, values).
    """

    of: str
    look: str
    unit: str
    columns: list[str]
    rows: list[Row]

    def as_script(self) -> str:
        """JSON that can stand inside a script element."""
        text = json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return text.replace("<", "\\u003c")


def dependence(case: Case, names: Names) -> Chart:
    """Countries of concern at the refinery, first and last year, and the largest supplier, percent."""
    shares = figures.dependence_shares(case.result).iloc[::-1]
    first, last = case.years[0], case.years[-1]
    columns = [f"countries of concern, {first}", f"countries of concern, {last}", f"largest supplier abroad, {last}"]
    return Chart("Mineral", "dots", "%", columns, _rows(shares.iloc[:, :3], map(names.mineral, shares.index)))


def cost(before: Case, after: Case) -> Chart:
    """What a scenario adds to each kind of cost, billion USD at present value."""
    changes = figures.cost_changes(before.result, after.result)
    seen = changes[changes["change_busd"].abs() >= 0.005 * changes["change_busd"].abs().max()]
    rows = _rows(seen[["change_busd"]], map(spoken, seen["label"]), 4)
    return Chart(
        "Kind of cost",
        "bars",
        "billion USD",
        ["change"],
        [*rows, ("Sum", [round(float(changes["change_busd"].sum()), 4)])],
    )


def unmet(case: Case, names: Names) -> Chart:
    """Use given up, percent by mineral or service and year."""
    shares = figures.unmet_shares(case.result)
    return Chart("Mineral or service", "heat", "%", _years(shares), _rows(shares, map(names.mineral, shares.index)))


def prices(case: Case, names: Names) -> Chart:
    """US prices over normal, by mineral and year, the highest peak first; those that hardly move are left out."""
    table = figures.price_multiples(case.result, "USA")
    table = table[(table - 1).abs().max(axis=1) >= STILL]
    table = table.loc[table.max(axis=1).sort_values(ascending=False, kind="stable").index]
    return Chart("Mineral", "heat", "×", _years(table), _rows(table, map(names.mineral, table.index), 2))


def central_asia(case: Case, names: Names) -> Chart:
    """Central Asia's share of US supply at mine and refinery, first and last year, percent."""
    shares = figures.central_asia_shares(case.result).iloc[::-1]
    columns = [f"{style.done(stage)}, {year}" for stage, year in shares.columns]
    return Chart("Mineral", "heat", "%", columns, _rows(shares, map(names.mineral, shares.index)))


def displaced(before: Case, after: Case, names: Names) -> Chart:
    """Points of US supply at the refinery that countries gain and lose where Central Asia's part moves."""
    change = figures.displaced(before.result, after.result).iloc[::-1]
    if change.empty:
        return Chart("Mineral: country", "bars", "points", ["change"], [])
    moves = change.stack().rename("points").reset_index()
    moves.columns = pd.Index(["mineral", "country", "points"])
    moves = moves[moves["points"].abs() >= SEEN]
    labels = (f"{names.mineral(r.mineral)}: {names.place(r.country)}" for r in moves.itertuples())
    return Chart("Mineral: country", "bars", "points", ["change"], _rows(moves[["points"]], labels))


def corridors(case: Case, names: Names) -> Chart:
    """How full each leg of the corridors is, percent by year."""
    use = figures.corridor_use(case.result)
    if use.empty:
        return Chart("Leg", "heat", "%", [], [])
    filled = 100 * use.pivot_table(index=["corridor", "leg"], columns="year", values="filled")
    # Without what stands in parentheses or behind a comma: a name has one line.
    legs = (names.leg(leg).split(",")[0].split(" (")[0] for _, leg in filled.index)
    labels = (f"{spoken(str(corridor))}: {leg}" for corridor, leg in zip(filled.index.droplevel(1), legs, strict=True))
    return Chart("Leg", "heat", "%", _years(filled), _rows(filled, labels, 0))


def scenarios(points: pd.DataFrame) -> Chart:
    """Every scenario's extra cost and shares, as the opening picture has them."""
    columns = ["extra cost, billion USD", "countries of concern, %", "Central Asia, %"]
    values = points.assign(concern=100 * points["concern"], central_asia=100 * points["central_asia"])
    return Chart(
        "Scenario", "none", "", columns, _rows(values[["extra_busd", "concern", "central_asia"]], points["label"], 3)
    )


def ways(case: Case, mineral: str, names: Names) -> Chart:
    """Tonnes of a mineral for the United States in the last year, by mine, refinery and corridor."""
    table = case.table("paths")
    table = table[(table["mineral"] == mineral) & (table["year"] == case.years[-1]) & (table["market"] == "USA")]
    sums = table.groupby(["mine", "refine", "corridor"], dropna=False)[["tonnes"]].sum()
    sums = sums.sort_values("tonnes", ascending=False, kind="stable")
    steps = ([names.place(step) for step in way if isinstance(step, str) and step] for way in sums.index)
    return Chart("Way", "none", "t", ["tonnes"], _rows(sums, map(" – ".join, steps), 0))


def _years(table: pd.DataFrame) -> list[str]:
    return [str(year) for year in table.columns]


def _rows(table: pd.DataFrame, labels: Iterable[str], decimals: int = 1) -> list[Row]:
    """Labels and values, rounded; None for what is missing."""
    values = [[None if pd.isna(v) else round(float(v), decimals) for v in row] for row in table.to_numpy()]
    return list(zip(labels, values, strict=True))
