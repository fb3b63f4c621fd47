"""What the pages of facts say of the tables, counted from them: run by `make docs`.

docs/data.md and the pages of docs/data/ hold parts between two comments that are written here; the rest is written by
hand. A page is of the minerals of some classes, or of some tables.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from supplychain import read_data
from supplychain.facts.checks import CHECKS, base_year
from supplychain.facts.dataset import OTHER, Dataset, coverage
from supplychain.facts.operating import reported_places
from supplychain.facts.reading import schema

DOCS = Path(__file__).parent
# The classes of `minerals` that a page is of, and the tables that a page is of.
CLASSES = {
    "base_metals": ["bulk_metal"],
    "battery": ["battery"],
    "alloys": ["ferroalloy"],
    "minor_metals": ["minor_metal"],
    "rare_earths": ["rare_earth", "ore"],
    "uranium": ["nuclear"],
}
TABLES = {
    "plants": ["minerals", "stages", "production", "world", "history", "outlook", "capacity", "reserves", "projects"],
    "owners": ["owners", "groups"],
    "byproducts": ["byproducts", "primary_shares"],
    "trade": ["import_sources", "us_supply", "reliance", "consumption", "trade", "past_trade", "destinations"],
    "corridors": ["freight", "legs", "leg_capacity", "routes", "concentrates"],
    "costs": ["costs", "inputs", "input_prices", "stage_defaults", "economics", "countries", "deflator"],
    "demand": ["markets", "demand", "energy_shares", "services", "deployment", "intensities"],
    "technologies": ["technologies", "technology_mix", "technology_bounds"],
    "recycling": ["lifetimes", "past_deployment", "recycling", "scrap"],
    "shocks": ["prices", "elasticities", "private_stocks", "controls", "events", "disruptions", "parameters"],
}
BEGIN, END = "<!-- {}: counted by make docs -->", "<!-- end of {} -->"
WIDTH = 120
LEADERS, NAMED, WORKS = 3, 2, 8  # countries and works of a stage, works of a page
DIGITS = 4  # of a sum of figures that are rounded themselves
REGION = "central_asia"


def filled(text: str, name: str, part: str) -> str:
    """A page with this as its part of that name.

    Raises
    ------
    ValueError : the page has no place for it, or two.
    """
    begin, end = BEGIN.format(name), END.format(name)
    if not text.count(begin) == text.count(end) == 1:
        raise ValueError(f"a page holds {begin!r} and {end!r} once")
    before, _, rest = text.partition(begin)
    return f"{before}{begin}\n\n{part}\n\n{end}{rest.partition(end)[2]}"


def markdown(rows: pd.DataFrame) -> str:
    """Rows as a table, their numbers to the right."""
    rules = ["---:" if pd.api.types.is_numeric_dtype(rows[name]) else "---" for name in rows]
    cells = [[f"{cell:,.0f}" if not isinstance(cell, str) else cell for cell in row] for row in rows.to_numpy()]
    return "\n".join(f"| {' | '.join(line)} |" for line in [list(rows), rules, *cells])


def minerals_of(data: Dataset, page: str) -> list[str]:
    """The minerals of a page, in the order of the facts."""
    table = data["minerals"]
    return list(table.loc[table["class"].isin(CLASSES[page]), "mineral"])


def rows_of(data: Dataset, minerals: list[str]) -> pd.DataFrame:
    """Every row of a fact about these minerals: mineral, source, estimate."""
    columns = ["mineral", "source", "estimate"]
    tables = [data[name] for name in coverage(data)["table"] if name != "byproducts"]
    named = [table[columns] for table in tables if "mineral" in table]
    byproducts = data["byproducts"].rename(columns={"product": "mineral"})[columns]
    told = pd.concat([*named, byproducts], ignore_index=True)
    return told[told["mineral"].isin(minerals)]


def outputs(data: Dataset, minerals: list[str]) -> pd.DataFrame:
    """Each stage's output in the base year: leading countries, the region's part, estimates, who says so."""
    table, year = data["production"], base_year(data)
    made = {place: rows for place, rows in table[table["year"] == year].groupby(["mineral", "stage"])}
    chains = data["stages"][["mineral", "stage"]].itertuples(index=False, name=None)
    region = data["groups"].query("group == @REGION")["country"]
    found = [(*place, *_stage(made[place], region)) for place in chains if place[0] in minerals and place in made]
    columns = ["mineral", "stage", f"output {year}, t", "leading, %", "Central Asia, %", "estimates", "sources"]
    return pd.DataFrame(found, columns=columns)


def _stage(rows: pd.DataFrame, region: pd.Series) -> tuple[float, str, str, str, str]:
    world, by_country = rows["output_t"].sum(), rows.groupby("country")["output_t"].sum()
    share = (100 * by_country / world).sort_values(ascending=False, kind="stable")
    named = share[(share >= 0.5) & (share.index != OTHER)].head(LEADERS)
    leaders = ", ".join(f"{country} {part:.0f}" for country, part in named.items())
    own = share[share.index.isin(region)].sum()
    guessed = f"{(rows['estimate'] != '').sum()} of {len(rows)}"
    return _rounded(world), leaders, f"{own:.1f}" if own >= 0.05 else "", guessed, _most_named(rows["source"])


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def _most_named(sources: pd.Series) -> str:
    return ", ".join(f"`{source}`" for source in _ranked(sources)[:NAMED])


def _ranked(sources: pd.Series) -> list[str]:
    """The works that are named, those of most rows first, then by name."""
    counts = sources[sources != ""].value_counts().sort_index()
    return list(counts.sort_values(ascending=False, kind="stable").index)


def prices(data: Dataset, minerals: list[str]) -> pd.DataFrame:
    """Each mineral's price of the base year, who says so, and how many of all rows about it are estimates."""
    year, told = base_year(data), rows_of(data, minerals)
    price = data["prices"].query("year == @year").set_index("mineral")
    counts = told.assign(guess=told["estimate"] != "").groupby("mineral")["guess"].agg(["size", "sum"])
    found = [
        (mineral, _rounded(row.usd_per_t), "yes" if row.estimate else "", f"`{row.source}`", *counts.loc[mineral])
        for mineral, row in price[price.index.isin(minerals)].iterrows()
    ]
    columns = ["mineral", f"price {year}, USD/t", "estimate", "source", "all rows about it", "of these estimates"]
    return pd.DataFrame(found, columns=columns)


def works(data: Dataset, named: pd.Series) -> str:
    """The works that most rows name, as a list with their addresses."""
    about = data["sources"].set_index("source")
    found = _ranked(named)
    told = about.loc[found[:WORKS]].itertuples()
    lines = [f"- `{work.Index}`: [{work.title}]({work.url.split()[0]}), {work.publisher} {work.year}" for work in told]
    some = f"The {WORKS} works that most rows name, of {len(found)}" if len(found) > WORKS else "The works named"
    head = f"{some}; `supplychain data --source ID` shows what came from one:"
    return "\n".join([head, "", *(_wrapped(line) for line in lines)])


def _wrapped(line: str) -> str:
    return textwrap.fill(line, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def of_minerals(data: Dataset, page: str) -> str:
    """The counted part of a page about minerals."""
    minerals = minerals_of(data, page)
    named = rows_of(data, minerals)["source"]
    return "\n\n".join([markdown(outputs(data, minerals)), markdown(prices(data, minerals)), works(data, named)])


def of_tables(data: Dataset, page: str) -> str:
    """The counted part of a page about tables."""
    listed = coverage(data).set_index("table").loc[TABLES[page]].reset_index()
    listed.insert(1, "holds", [_holds(name) for name in listed["table"]])
    listed["table"] = [f"`{name}`" for name in listed["table"]]
    named = pd.concat([data[name]["source"] for name in TABLES[page]])
    listed = listed.rename(columns={"sourced": "with a source", "estimated": "estimates"})
    return "\n\n".join([markdown(listed), works(data, named)])


def _holds(table: str) -> str:
    """What a table holds, to the first stop."""
    return re.split(r"[.;:](?:\s|$)", schema()[table]["description"])[0]


def overview(data: Dataset) -> str:
    """Every page with what it is of."""
    known = coverage(data).set_index("table")
    of_classes = {page: minerals_of(data, page) for page in CLASSES}
    told = {page: rows_of(data, minerals)["estimate"] != "" for page, minerals in of_classes.items()}
    minerals = [_entry(page, of_classes[page], len(guess), guess.sum()) for page, guess in told.items()]
    tables = [
        _entry(page, [f"`{name}`" for name in names], *known.loc[names, ["rows", "estimated"]].sum())
        for page, names in TABLES.items()
    ]
    return "\n".join(["By minerals:", "", *minerals, "", "By tables:", "", *tables])


def _entry(page: str, names: list[str], rows: int, estimates: int) -> str:
    return _wrapped(f"- {_link(page)}: {', '.join(names)}; {rows:,} rows, {estimates:,} estimates")


def _link(page: str) -> str:
    title = _file(page).read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
    return f"[{title}](data/{page}.md)"


def _file(page: str) -> Path:
    return DOCS / "data" / f"{page}.md"


def reported_costs(data: Dataset) -> str:
    """How many of the places that matter have an operating cost that a source gives, by mineral and stage."""
    region = list(data["groups"].query("group == @REGION")["country"])
    places = reported_places(data, region)
    places["output"] = places["share"] * places["reported"]
    lines = places.groupby(["mineral", "stage"]).agg(
        places=("share", "size"), told=("reported", "sum"), output=("output", "sum")
    )
    cells = [f"{row.told} of {row.places} ({100 * row.output:.0f} %)" for row in lines.itertuples()]
    by_stage = pd.Series(cells, lines.index).unstack("stage", fill_value="")
    table = by_stage[["mine", "refine", "fabricate"]].reset_index()
    told, of, share = places["reported"].sum(), len(places), 100 * places["reported"].mean()
    head = (
        f"{told} of {of} places ({share:.0f} %) have a figure of their own. Places are those that make nine tenths of"
        " a stage's output, and all in Central Asia; in brackets the part of the world's output with one:"
    )
    return "\n\n".join([textwrap.fill(head, WIDTH), markdown(table)])


def checks() -> str:
    """The checks of the tables against each other, in their own words."""
    return "\n".join(_wrapped(f"- {(check.__doc__ or '').splitlines()[0]}") for check in CHECKS)


def pages(data: Dataset) -> dict[Path, str]:
    """Every page as it should stand, by its file."""
    parts = {page: of_minerals(data, page) for page in CLASSES} | {page: of_tables(data, page) for page in TABLES}
    found = {
        _file(page): filled(_file(page).read_text(encoding="utf-8"), "tables", part) for page, part in parts.items()
    }
    costs = _file("costs")
    found[costs] = filled(found[costs], "reported", reported_costs(data))
    entrance = DOCS / "data.md"
    text = filled(entrance.read_text(encoding="utf-8"), "pages", overview(data))
    return {entrance: filled(text, "checks", checks()), **found}


def write() -> Iterator[Path]:
    """Writes the counted parts of every page anew; gives the files."""
    for file, text in pages(read_data()).items():
        file.write_text(text, encoding="utf-8")
        yield file


if __name__ == "__main__":
    print(*(file.relative_to(DOCS.parent) for file in write()), sep="\n")
