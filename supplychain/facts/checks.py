"""Do the tables agree with each other: one check for each kind of mistake that an audit of them has found."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from supplychain.facts.dataset import IMPORT_PERIOD, OTHER, PLACE, Dataset
from supplychain.facts.errors import Fault

MOST_RELIANCE_GAP = 5.0  # percentage points
CLOSED = (0.9, 1.1)  # part of a stage's output that the next one takes
ALLOWED = f"{CLOSED[0]} to {CLOSED[1]}, or a row of open_stages.csv"
TINY, EQUAL = 0.0015, 10  # of the world's output; so many countries with the same figure are a bound, not figures
FINISHED = 1.02  # output above capacity by more than rounding
ROUNDING = 0.02  # percentage points
# Words by which `estimate` tells a share that was split from the source's "other countries".
SPLIT = "other countries"
# The cells by which each kind of disruption says what it hits, and what the rows of one disruption share.
HITS = {
    "export_ban": ["country", "against", "mineral", "stage"],
    "capacity_loss": ["country", "mineral", "stage"],
    "corridor": ["leg"],
}
ONE_OF_EACH = ["name", "kind", "country", "against", "years", "onsets", "record_years", "yearly_probability"]
Check = Callable[[Dataset], Iterator[Fault]]


def mistakes(dataset: Dataset) -> list[Fault]:
    """What tables say that cannot be so together, in the order of `CHECKS`: one fault for each, at its row."""
    return [fault for check in CHECKS for fault in check(dataset)]


def _fault(dataset: Dataset, table: str, row: int, message: str) -> Fault:
    """A mistake in a row of a table, by its position."""
    return Fault(dataset.path / f"{table}.csv", row + 2, 1, message)


def base_year(dataset: Dataset) -> int:
    """The year of which most outputs are; 0 where there are none."""
    years = dataset["production"]["year"].mode()
    return int(years.iloc[0]) if len(years) else 0


def unnamed_sources(dataset: Dataset) -> Iterator[Fault]:
    """A source names the leading countries: nobody that it leaves unnamed is above the smallest that it names."""
    table = dataset["import_sources"]
    table = table[table["last_stage"] & (table["country"] != OTHER) & (table["share_pct"] > 0)]
    split = table["estimate"].str.contains(SPLIT)
    # Where a source's figure was divided over forms or converted, it is no figure of its own.
    named = table[table["estimate"] == ""].groupby("mineral")["share_pct"].min()
    for row in table[split].itertuples():
        least = named.get(row.mineral, np.inf)
        if row.share_pct > least + ROUNDING:
            what = f"share_pct: {row.share_pct:g} of {row.mineral} for {row.country}, which the source does not name"
            yield _fault(dataset, "import_sources", row.Index, f"{what}; at most {least:g}, the smallest that it names")


def plants_told_twice(dataset: Dataset) -> Iterator[Fault]:
    """What exists or is being built stands in `capacity`, what is not decided in `projects`: no plant in both."""
    capacity, base = dataset["capacity"], base_year(dataset)
    makes = {tuple(p) for p in dataset["production"].loc[dataset["production"]["year"] == base, PLACE].to_numpy()}
    for row in dataset["projects"].itertuples():
        here = capacity[(capacity[PLACE] == [row.mineral, row.stage, row.country]).all(axis=1)]
        later = here[here["year"] > base]
        named = (later["locator"] + " " + later["estimate"]).str.contains(row.name, regex=False)
        first_plant = len(later) == len(here) > 0 and (row.mineral, row.stage, row.country) not in makes
        if named.any() or first_plant:
            what = f"project {row.project!r} stands in capacity.csv as well"
            yield _fault(dataset, "projects", row.Index, f"{what} (line {later.index[0] + 2}); keep one of the two")


def bounds_as_values(dataset: Dataset) -> Iterator[Fault]:
    """A source's "less than" is no figure: many countries with one and the same tiny output are that bound."""
    table = dataset["production"]
    keys = ["mineral", "stage", "year"]
    whole = table.groupby(keys)["output_t"].transform("sum")
    tiny = table[(table["output_t"] > 0) & (table["output_t"] < TINY * whole)]
    for entry, rows in tiny.groupby([*keys, "output_t"], sort=False):
        if len(rows) >= EQUAL:
            what = f"output_t: {len(rows)} countries make {entry[-1]:g} t each of {entry[0]}, stage {entry[1]}"
            yield _fault(dataset, "production", rows.index[0], f"{what}; a bound of the source was read as its figure")


def stages_that_do_not_close(dataset: Dataset) -> Iterator[Fault]:
    """What a stage takes is what the world makes at the stage before, within a tenth, or `open_stages` says why not."""
    made = dataset["production"].query(f"year == {base_year(dataset)}").groupby(["mineral", "stage"])["output_t"].sum()
    ores = dataset["minerals"].set_index("mineral")["ore"]
    stages, told = dataset["stages"], pd.MultiIndex.from_frame(dataset["open_stages"][["mineral", "stage"]])
    closed = ~pd.MultiIndex.from_frame(stages[["mineral", "stage"]]).isin(told)
    for row in stages[closed & (stages["yield"] > 0)].rename(columns={"yield": "recovery"}).itertuples():
        before = _stage_before(stages, row.mineral, row.stage, ores.get(row.mineral, ""))
        if before and before in made.index and (row.mineral, row.stage) in made.index:
            part = made[row.mineral, row.stage] / row.recovery / made[before]
            if not CLOSED[0] <= part <= CLOSED[1]:
                what = f"{row.mineral}: {row.stage} takes {part:.2f} of what the world makes at {before[1]}"
                yield _fault(dataset, "stages", row.Index, f"{what}; allowed {ALLOWED}")


def _stage_before(stages: pd.DataFrame, mineral: str, stage: str, ore: str) -> tuple[str, str] | None:
    """Mineral and stage of what a stage is fed with."""
    order = ["mine", "refine", "fabricate"]
    own = [s for s in order[: order.index(stage)] if ((stages["mineral"] == mineral) & (stages["stage"] == s)).any()]
    return (mineral, own[-1]) if own else (ore, "mine") if ore else None


def output_above_capacity(dataset: Dataset) -> Iterator[Fault]:
    """A capacity of the base year, or last before it, is at least what is made."""
    base = base_year(dataset)
    production = dataset["production"]
    made = production[production["year"] == base].groupby(PLACE)["output_t"].sum()
    past = dataset["capacity"].query(f"year <= {base}").sort_values("year", kind="stable").groupby(PLACE).tail(1)
    for row in past.itertuples():
        output = float(made.get((row.mineral, row.stage, row.country), 0.0))
        if output > FINISHED * row.capacity_t:
            what = f"capacity_t: {row.capacity_t:g} of {row.mineral} {row.stage} {row.country} in {row.year}"
            yield _fault(dataset, "capacity", row.Index, f"{what} is below the output of {output:g} t in {base}")


def dates_that_differ(dataset: Dataset) -> Iterator[Fault]:
    """One plant starts in one year: the rows of one name in a country, and no plant before the mine that feeds it."""
    table = dataset["projects"]
    for name, rows in table.groupby(["name", "country", "stage"], sort=False):
        if len(dates := sorted(rows["earliest_year"].unique())) > 1:
            years = ", ".join(f"{year:.0f}" for year in dates)
            yield _fault(dataset, "projects", rows.index[-1], f"earliest_year: {name[0]!r} starts in {years}: one year")
    mines = table[table["project"].str.endswith("_mine")]
    for mine in mines.itertuples():
        fed = table[table["project"] == mine.project.removesuffix("_mine")]
        for plant in fed[fed["earliest_year"] < mine.earliest_year].itertuples():
            what = f"earliest_year: {plant.project!r} starts in {plant.earliest_year:.0f}"
            yield _fault(dataset, "projects", plant.Index, f"{what}, before its mine does in {mine.earliest_year:.0f}")


def published_reliance(dataset: Dataset) -> pd.DataFrame:
    """US net import reliance as the source prints it, by mineral: stage, least_pct, most_pct (means of the period)."""
    table = dataset["reliance"]
    table = table[table["year"].between(*IMPORT_PERIOD)]
    named = {"stage": ("stage", "first"), "least_pct": ("least_pct", "mean"), "most_pct": ("most_pct", "mean")}
    return table.groupby("mineral", sort=False).agg(**named)


def computed_reliance(dataset: Dataset) -> pd.Series:
    """The same from `us_supply`, percent: what is neither made at home nor scrap, over all use; nil for net exports.

    Where the source counts the ore, made at home is what the mines give.
    """
    supply, keys = dataset["us_supply"], ["mineral", "statistic"]
    period = supply[supply["year"].between(*IMPORT_PERIOD)].groupby(keys)["tonnes"].mean()
    means = period.combine_first(supply.groupby(keys)["tonnes"].mean()).unstack()
    names = ["domestic_primary", "secondary", "imports", "exports", "stock_change"]
    means = means.reindex(columns=names).fillna(0.0)
    stage = published_reliance(dataset)["stage"].reindex(means.index)
    use = means["domestic_primary"] + means["secondary"] + means["imports"] - means["exports"] - means["stock_change"]
    own = means["domestic_primary"].where(stage != "mine", _mined_at_home(dataset).reindex(means.index).fillna(0.0))
    return 100 * (1.0 - (own + means["secondary"]) / use.replace(0.0, np.nan)).clip(lower=0.0, upper=1.0)


def _mined_at_home(dataset: Dataset) -> pd.Series:
    """US mine output of the base year by mineral, t."""
    table = dataset["production"]
    own = (table["country"] == "USA") & (table["stage"] == "mine") & (table["year"] == base_year(dataset))
    return table[own].groupby("mineral")["output_t"].sum()


def reliance_against_its_source(dataset: Dataset) -> Iterator[Fault]:
    """US statistics give the net import reliance that their source prints, within five points."""
    ours, printed = computed_reliance(dataset), published_reliance(dataset)
    for row in printed[printed.index.isin(ours.dropna().index)].itertuples():
        value = ours[row.Index]
        if not row.least_pct - MOST_RELIANCE_GAP <= value <= row.most_pct + MOST_RELIANCE_GAP:
            first = dataset["us_supply"].query("mineral == @row.Index").index[0]
            told = "-".join(dict.fromkeys(f"{pct:.0f}" for pct in (row.least_pct, row.most_pct)))
            what = f"{row.Index}: net import reliance comes to {value:.0f} %, the source prints {told}"
            yield _fault(dataset, "us_supply", first, f"{what} (means of {IMPORT_PERIOD[0]}-{IMPORT_PERIOD[1]})")


def disruptions_half_told(dataset: Dataset) -> Iterator[Fault]:
    """A ban says whose goods it keeps from whom, a loss whose plants stand, a corridor its leg: and nothing else."""
    table = dataset["disruptions"]
    for i, row in enumerate(table[["kind", *HITS["export_ban"], "leg"]].to_dict("records")):
        kind, *told = (name for name, cell in row.items() if cell)
        if told != HITS[row[kind]]:
            what = f"kind: {row[kind]} of {', '.join(told) or 'nothing'}; it takes {', '.join(HITS[row[kind]])}"
            yield _fault(dataset, "disruptions", i, what)


def disruptions_of_nothing(dataset: Dataset) -> Iterator[Fault]:
    """What stops was made: the country has output of the mineral itself, no mere ore, at the stage."""
    table, production = dataset["disruptions"], dataset["production"]
    output = production.query(f"year == {base_year(dataset)} and output_t > 0")
    ores = dataset["minerals"].query("`class` == 'ore'")["mineral"]
    made = pd.MultiIndex.from_frame(output.loc[~output["mineral"].isin(ores), PLACE])
    for row in table[(table["mineral"] != "") & ~pd.MultiIndex.from_frame(table[PLACE]).isin(made)].itertuples():
        what = f"country: {row.country} makes no {row.mineral} at stage {row.stage} that {row.disruption!r} could stop"
        yield _fault(dataset, "disruptions", row.Index, what)


def disruptions_that_differ(dataset: Dataset) -> Iterator[Fault]:
    """What begins together is told alike: the rows of a disruption differ in what is hit and how much of it alone."""
    for name, rows in dataset["disruptions"].groupby("disruption", sort=False):
        for column in ONE_OF_EACH:
            if len(values := rows[column].unique()) > 1:
                told = ", ".join(map(str, values))
                yield _fault(dataset, "disruptions", rows.index[-1], f"{column}: {name!r} has {told}: one for all rows")


CHECKS: tuple[Check, ...] = (
    unnamed_sources,
    plants_told_twice,
    bounds_as_values,
    stages_that_do_not_close,
    output_above_capacity,
    dates_that_differ,
    reliance_against_its_source,
    disruptions_half_told,
    disruptions_of_nothing,
    disruptions_that_differ,
)
