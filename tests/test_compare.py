"""Two scenarios side by side."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest
from conftest import CASES
from frictionless import validate
from typer.testing import CliRunner

import supplychain
from supplychain.cli import app
from supplychain.facts import dataset
from supplychain.results import compare
from supplychain.scenario import scenario
from supplychain.show.figures.gallery import draw_difference
from supplychain.system.build import build_system

DANTZIG = CASES / "dantzig"


def test_a_scenario_does_not_differ_from_itself(pair):
    """No row of any table; every headline difference is zero."""
    same = compare.compare(pair[0], pair[0])
    assert (same.tables["summary"]["value_difference"] == 0).all()
    assert all(len(table) == 0 for name, table in same.tables.items() if name != "summary")


def test_differences_are_what_the_tables_say(pair):
    """Before plus difference is after, each as the results' own tables have it, owners added up."""
    found = compare.compare(*pair)
    supply = found.tables["supply"]
    assert len(supply) and (supply["tonnes_difference"] != 0).any()
    for side, result in zip(("before", "after"), pair, strict=True):
        own = result.supply.groupby(["year", "mineral", "stage", "country", "market"])["tonnes"].sum()
        keys = pd.MultiIndex.from_frame(supply[["year", "mineral", "stage", "country", "market"]])
        assert supply[f"tonnes_{side}"].tolist() == pytest.approx(own.reindex(keys, fill_value=0.0).tolist())
    total = (supply["tonnes_after"] - supply["tonnes_before"] - supply["tonnes_difference"]).abs().max()
    assert total == pytest.approx(0.0, abs=1e-6)
    costs = found.tables["costs"]["musd_difference"].sum()
    sums = [result.costs["musd"].sum() for result in pair]
    assert costs == pytest.approx(sums[1] - sums[0], abs=1e-6 * sums[0])  # rows that differ by less are left out
    assert found.tables["summary"]["value_difference"].iloc[0] == pair[1].objective - pair[0].objective


def test_every_row_that_differs_is_there(pair):
    """One changed supplier, one lost row and one new one are found, and nothing else."""
    before = pair[0]
    changed = {name: table.copy() for name, table in before.tables.items()}
    changed["dependence"].loc[3, "top_supplier"] = "ZZZ"
    changed["prices"].loc[5, "usd_per_t"] *= 1.01
    lost = changed["costs"].query("musd != 0").iloc[0]
    changed["costs"] = changed["costs"].drop(index=lost.name)
    found = compare.compare(before, replace(before, tables=changed)).tables
    assert found["dependence"]["top_supplier_after"].tolist() == ["ZZZ"]
    assert len(found["prices"]) == 1
    assert found["costs"][["item", "musd_after"]].values.tolist() == [[lost["item"], 0.0]]
    assert len(found["supply"]) == 0


def test_policies_are_compared_field_by_field(pair):
    """The caps of the second scenario are listed with every setting; the first has none of them."""
    table = compare.compare(*pair).tables["policies"].set_index(["policy", "field"])
    assert table.loc[("concern_cap", "group"), "after"] == "feoc"
    assert (table["before"] == "").all()
    backwards = compare.compare(*pair[::-1]).tables["policies"].set_index(["policy", "field"])
    assert backwards.loc[("concern_cap", "group"), "before"] == "feoc"


def test_tables_are_compared_before_anything_is_solved(two):
    """A cap adds rows to `limits` and `members` and touches nothing else; the same scenario touches nothing."""
    systems = [build_system(two, scenario.read(name, two)) for name in ("status_quo", "diversify_away")]
    edits = compare.edited(*systems).set_index("table")
    assert set(edits.index) == {"limits", "members"}
    assert edits.loc["limits", "only_after"] == len(systems[1].limits) and (edits["only_before"] == 0).all()
    assert compare.edited(systems[0], systems[0]).empty


def test_one_changed_cell_is_named(two):
    """A single figure changed in a table of the same shape: one row each way, and its column."""
    system = build_system(two, scenario.read("status_quo", two))
    use = system.use.copy()
    use.loc[7, "tonnes"] += 1.0
    edits = compare.edited(system, replace(system, use=use))
    assert edits.values.tolist() == [["use", 1, 1, "tonnes"]]


def test_largest_changes_lead(pair):
    """The last year's changes in US supply, largest first."""
    found = compare.compare(*pair).largest("supply", "share", "USA", count=5)
    assert set(found["market"]) == {"USA"} and set(found["year"]) == {2035}
    sizes = found["share_difference"].abs().tolist()
    assert sizes == sorted(sizes, reverse=True) and len(sizes) == 5


def test_folders_compare_as_results_do(pair, tmp_path):
    """From folders the command line shows the same headline figures as from results, and writes a valid package."""
    folders = [str(result.save(tmp_path / result.name)) for result in pair]
    done = CliRunner().invoke(app, ["compare", *folders, "--out", str(tmp_path / "out"), "--json"])
    assert done.exit_code == 0, done.output
    shown = json.loads(done.stdout)
    assert {"summary", "policies", "supply", "dependence", "costs"} <= set(shown)
    fresh = compare.compare(*pair).tables["summary"]
    assert [row["metric"] for row in shown["summary"]] == fresh["metric"].tolist()
    written = [row["value_after"] for row in shown["summary"]]
    assert written == pytest.approx(fresh["value_after"].tolist(), rel=1e-5)
    package = tmp_path / "out" / "status_quo_vs_diversify_away"
    assert {"cost.png", "dependence.png", "supply.csv"} <= {file.name for file in package.iterdir()}
    assert validate(str(package / "datapackage.json")).valid
    descriptor = json.loads((package / "datapackage.json").read_text())
    units = {f["name"]: f.get("unit") for r in descriptor["resources"] for f in r["schema"]["fields"]}
    assert units["tonnes_difference"] == "t" and units["share_feoc_after"] == "1"


def test_scenarios_by_name(tmp_path):
    """Dantzig's problem with and without a cap that does not bind: the same cost, the cap and its rows are told."""
    names = [str(DANTZIG / f"{name}.yaml") for name in ("dantzig", "cap_65")]
    found = compare.compare_names(*names, dataset.read(DANTZIG))
    assert found.tables["summary"]["value_difference"].iloc[0] == pytest.approx(0.0, abs=1e-9)
    assert set(found.tables["edits"]["table"]) == {"limits", "members"}
    assert set(found.tables["policies"]["policy"]) == {"san_diego_cap"}
    assert "Dantzig" in found._repr_html_()
    assert draw_difference(found.before, found.after, tmp_path / "figures") == []
    done = CliRunner().invoke(app, ["compare", names[0], "no_such", "--data", str(DANTZIG), "--out", str(tmp_path)])
    assert done.exit_code == 2 and "no such scenario" in done.output
    assert not list(tmp_path.iterdir())


def test_text_output_names_what_changed(pair, tmp_path):
    """Without --json: the settings, the suppliers that change most, and the headline figures."""
    folders = [str(result.save(tmp_path / result.name)) for result in pair]
    done = CliRunner().invoke(app, ["compare", *folders, "--out", str(tmp_path / "out")])
    assert done.exit_code == 0
    for words in ("concern_cap", "change most", "objective", "tungsten"):
        assert words in done.stdout
    assert supplychain.load(folders[0]).name == "status_quo"


def test_two_scenario_files_are_compared_before_and_after_solving(tmp_path):
    """`compare A B` on files: the limit that only the second has is an edit of its tables; exit 0."""
    files = [str(CASES / "dantzig" / name) for name in ("dantzig.yaml", "cap_65.yaml")]
    done = CliRunner().invoke(
        app, ["compare", *files, "--data", str(CASES / "dantzig"), "--out", str(tmp_path), "--json"]
    )
    assert done.exit_code == 0, done.output
    edits = {row["table"]: row for row in json.loads(done.stdout)["edits"]}
    assert edits["limits"]["only_after"] == 1 and edits["limits"]["only_before"] == 0
    assert next(tmp_path.glob("*/datapackage.json")).is_file()
