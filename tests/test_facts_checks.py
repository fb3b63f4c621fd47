"""`supplychain data --check`: the shipped facts pass, and a planted mistake of each kind is found at its row."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from typer.testing import CliRunner

from supplychain.cli import app
from supplychain.facts import checks


def planted(known, table, change):
    """The facts with one table changed."""
    changed = known[table].copy()
    return replace(known, tables=known.tables | {table: change(changed)})


def row_of(table, **cells):
    """The position of the one row with these cells."""
    found = pd.concat([table[c] == v for c, v in cells.items()], axis=1).all(axis=1)
    (row,) = table.index[found]
    return row


def put(column, value, **cells):
    """A change of one cell of one row."""

    def change(table):
        table.loc[row_of(table, **cells), column] = value
        return table

    return change


def with_row(like, **cells):
    """A change that adds a copy of a row, with other cells."""

    def change(table):
        row = table.loc[[row_of(table, **like)]].assign(**cells)
        return pd.concat([table, row], ignore_index=True)

    return change


def many_equal(table):
    """Twelve small countries at one and the same output, as "less than 0.1 %" was read once."""
    row = table.loc[[row_of(table, mineral="antimony", stage="refine", country="KAZ")]]
    places = ["LUX", "SMR", "CPV", "CYP", "PAN", "CRI", "URY", "KEN", "RWA", "MLT", "AND", "MCO"]
    rows = pd.concat([row.assign(country=c, output_t=101.0) for c in places])
    return pd.concat([table, rows], ignore_index=True)


NAM = {"mineral": "copper", "form": "Refined copper", "country": "MEX"}
MAGNETS = {"project": "mp_magnets_terbium"}
MISTAKES = {
    "an unnamed source above the smallest named": (
        checks.unnamed_sources,
        "import_sources",
        with_row(NAM, country="ZMB", share_pct=9.0, estimate="the source's other countries (9 %) split by output"),
        "copper for ZMB",
    ),
    "a plant that exists and is a project": (
        checks.plants_told_twice,
        "projects",
        with_row({"project": "syrymbet"}, project="south", name="South Djengeldi", mineral="uranium", country="UZB"),
        "capacity.csv as well",
    ),
    "a first plant in both tables": (
        checks.plants_told_twice,
        "capacity",
        with_row({"mineral": "copper", "stage": "refine", "country": "KAZ", "year": 2028}, mineral="tin", stage="mine"),
        "project 'syrymbet'",
    ),
    "a bound read as a figure": (checks.bounds_as_values, "production", many_equal, "12 countries make 101 t"),
    "stages that do not close": (
        checks.stages_that_do_not_close,
        "stages",
        put("yield", 0.8, mineral="neodymium", stage="fabricate"),
        "neodymium: fabricate takes",
    ),
    "a capacity below the output": (
        checks.output_above_capacity,
        "capacity",
        put("capacity_t", 4.0e7, mineral="aluminium", stage="fabricate", country="CHN"),
        "below the output of 4.5e+07 t",
    ),
    "one plant, two dates": (checks.dates_that_differ, "projects", put("earliest_year", 2029, **MAGNETS), "2028, 2029"),
    "a plant before its mine": (
        checks.dates_that_differ,
        "projects",
        put("earliest_year", 2027, project="balasausqandiq"),
        "before its mine does in 2029",
    ),
    "a reliance that is not the source's": (
        checks.reliance_against_its_source,
        "us_supply",
        lambda table: table[~((table["mineral"] == "copper") & (table["statistic"] == "domestic_primary"))],
        "copper: net import reliance comes to",
    ),
    "a ban on nobody": (
        checks.disruptions_half_told,
        "disruptions",
        put("against", "", disruption="congo_cobalt"),
        "it takes country, against, mineral, stage",
    ),
    "a corridor without a leg": (
        checks.disruptions_half_told,
        "disruptions",
        put("leg", "", disruption="northern_closed"),
        "corridor of nothing; it takes leg",
    ),
    "a ban on what is not made": (
        checks.disruptions_of_nothing,
        "disruptions",
        put("country", "KAZ", disruption="congo_cobalt"),
        "KAZ makes no cobalt at stage mine",
    ),
    "a loss at an ore": (
        checks.disruptions_of_nothing,
        "disruptions",
        put("mineral", "ionic_clay", disruption="myanmar_rare_earths", mineral="terbium"),
        "MMR makes no ionic_clay",
    ),
    "one disruption, two chances": (
        checks.disruptions_that_differ,
        "disruptions",
        put("yearly_probability", 0.2, disruption="china_us_ban", mineral="gallium"),
        "yearly_probability: 'china_us_ban' has 0.2, 0.0895",
    ),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_a_planted_mistake_is_found(shipped, what):
    """Nothing is found in the shipped facts, the planted mistake is, and told in its words."""
    check, table, change, words = MISTAKES[what]
    assert list(check(shipped)) == []
    (fault,) = check(planted(shipped, table, change))
    assert words in fault.message and fault.line > 1


def test_every_check_is_tried_and_asked_for():
    """Each check has a planted mistake above, and the command runs it."""
    assert {check for check, *_ in MISTAKES.values()} == set(checks.CHECKS)


def test_the_command_says_so_and_ends_with_one(shipped, tmp_path):
    """The shipped facts end with 0; a folder with a mistake in it ends with 1 and names file and line."""
    assert CliRunner().invoke(app, ["data", "--check"]).exit_code == 0
    for file in shipped.path.glob("*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    stages = tmp_path / "stages.csv"
    lines = stages.read_text().splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("zinc,refine"))
    lines[at] = lines[at].replace("0.97", "0.6").replace("0.873", "0.5")
    stages.write_text("\n".join(lines) + "\n")
    done = CliRunner().invoke(app, ["data", "--check", "--data", str(tmp_path)])
    assert done.exit_code == 1 and f"stages.csv:{at + 1}:1: zinc: refine takes" in done.output
