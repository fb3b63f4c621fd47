"""Scenarios compose: what `extends`, ids, null and order do, over random scenarios."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd
import pytest
from conftest import CASES, ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from typer.testing import CliRunner

from supplychain.cli import app
from supplychain.facts import dataset
from supplychain.facts.errors import InputError
from supplychain.scenario import documents, policies, scenario
from supplychain.scenario.policies import AnyPolicy
from supplychain.scenario.scenario import Scenario
from supplychain.system import build as system

YEARS = range(2025, 2028)
IDS = ["p", "q", "r"]
CAP = {"kind": "supplier_cap", "group": "CHN", "stages": ["mine"], "assumption": "random"}
FUND = {"kind": "investment_fund", "countries": ["KAZ"], "capex_share": 0.3, "assumption": "random"}
shares = st.floats(0, 1).map(lambda value: round(value, 3))
paths = st.one_of(shares, st.dictionaries(st.integers(2025, 2027), shares, min_size=1, max_size=3))
fields = st.one_of(
    paths.map(lambda share: CAP | {"share": share}),
    st.floats(0, 1e6).map(lambda budget: FUND | {"budget_musd": round(budget, 2)}),
)
random_policies = st.dictionaries(st.sampled_from(IDS), st.one_of(st.none(), fields), max_size=3)


@pytest.fixture(scope="module")
def exercise():
    """The facts of the exercise, whose names the random scenarios use."""
    return dataset.read(CASES / "two_mines")


@pytest.fixture(scope="module")
def tables(exercise):
    """The exercise's tables without a policy."""
    return system.build_system(exercise, Scenario("x", "x", "", YEARS, 0.0, {})).tables()


def write(folder, name, written, extends=(), horizon=True):
    """A scenario file with these policies on top of others."""
    data = {"name": name, "extends": list(extends)}
    data |= {"horizon": {"from": 2025, "to": 2027}} if horizon else {}
    (Path(folder) / f"{name}.yaml").write_text(documents.written(data | {"policies": written}), encoding="utf-8")
    return Path(folder) / f"{name}.yaml"


def resolved(path, known):
    """The policies of a scenario with nothing left to inherit, as plain data."""
    return scenario.read(path, known).resolved()["policies"]


@settings(max_examples=25, deadline=None)
@given(own=random_policies, parent=random_policies)
def test_resolving_twice_changes_nothing(exercise, own, parent):
    """A resolved scenario, printed and read again, is the same scenario with the same hash."""
    with tempfile.TemporaryDirectory() as folder:
        write(folder, "parent", parent)
        once = scenario.read(write(folder, "child", own, ["parent"]), exercise)
        again = Path(folder) / "again.yaml"
        again.write_text(documents.written(once.resolved()), encoding="utf-8")
        twice = scenario.read(again, exercise)
    assert twice == once and twice.digest == once.digest
    assert documents.written(twice.resolved()) == documents.written(once.resolved())


@settings(max_examples=25, deadline=None)
@given(a=random_policies, b=random_policies, c=random_policies)
def test_extending_is_associative(exercise, a, b, c):
    """`[a, b, c]`, `[ab, c]` and `[a, bc]` are the same, where ab extends a and b; and so is a chain of parents."""
    with tempfile.TemporaryDirectory() as folder:
        for name, own in (("a", a), ("b", b), ("c", c)):
            write(folder, name, own)
        write(folder, "ab", {}, ["a", "b"])
        write(folder, "bc", {}, ["b", "c"])
        flat = resolved(write(folder, "flat", {}, ["a", "b", "c"]), exercise)
        left = resolved(write(folder, "left", {}, ["ab", "c"]), exercise)
        right = resolved(write(folder, "right", {}, ["a", "bc"]), exercise)
        write(folder, "ab", b, ["a"])
        chain = resolved(write(folder, "chain", c, ["ab"]), exercise)
    assert list(flat.items()) == list(left.items()) == list(right.items()) == list(chain.items())


@settings(max_examples=25, deadline=None)
@given(own=random_policies, gone=st.sampled_from(IDS))
def test_removing_by_null_equals_never_having_it(exercise, own, gone):
    """A child that sets an id to null is the child of a parent that never had it."""
    with tempfile.TemporaryDirectory() as folder:
        write(folder, "parent", own)
        write(folder, "without", {name: policy for name, policy in own.items() if name != gone})
        removed = resolved(write(folder, "x", {gone: None}, ["parent"]), exercise)
        never = resolved(write(folder, "y", {}, ["without"]), exercise)
    assert removed == never


@settings(max_examples=25, deadline=None)
@given(a=random_policies, b=random_policies)
def test_order_matters_only_where_ids_collide(exercise, a, b):
    """The later one has the last word on the ids that both name; all else is the same in either order."""
    with tempfile.TemporaryDirectory() as folder:
        write(folder, "a", a)
        write(folder, "b", b)
        one = resolved(write(folder, "x", {}, ["a", "b"]), exercise)
        other = resolved(write(folder, "y", {}, ["b", "a"]), exercise)
        alone = resolved(folder + "/b.yaml", exercise)
    apart = (set(one) | set(other)) - (set(a) & set(b))
    assert {name: one[name] for name in apart} == {name: other[name] for name in apart}
    assert {name: one.get(name) for name in set(a) & set(b)} == {name: alone.get(name) for name in set(a) & set(b)}


@settings(max_examples=20, deadline=None)
@given(a=random_policies, b=random_policies)
def test_extending_twice_is_extending_once(exercise, a, b):
    """A file that is reached on two ways, or named twice, counts as at the last of them."""
    with tempfile.TemporaryDirectory() as folder:
        write(folder, "base", a)
        write(folder, "b", b, ["base"])
        once = resolved(write(folder, "x", {}, ["b"]), exercise)
        twice = resolved(write(folder, "y", {}, ["b", "b"]), exercise)
        both = resolved(write(folder, "z", {}, ["base", "b"]), exercise)
    assert once == twice == both


APART = {
    "cap": CAP | {"share": 0.5},
    "floor": CAP | {"kind": "supplier_floor", "group": "KAZ", "share": 0.1},
    "ban": {"kind": "import_ban", "countries": ["UZB"]},
    "quota": {"kind": "export_quota", "countries": ["CHN"], "tonnes": 50},
    "duty": {"kind": "tariff", "countries": ["CHN"], "rate": 0.1},
    "loss": {"kind": "capacity_loss", "countries": ["CHN"], "share": 0.2},
    "fund": FUND | {"budget_musd": 1.0},
    "loan": {"kind": "cost_of_capital", "countries": ["UZB"], "points": -0.02},
    "permits": {"kind": "lead_time", "countries": ["UZB"], "years_sooner": 1},
    "credit": {"kind": "production_credit", "countries": ["USA"], "usd_per_t": 5},
    "vault": {"kind": "stockpile", "minerals": ["alloy"], "days": 30},
    "rail": {"kind": "corridor", "legs": ["steppe"], "capacity_multiple": 2},
    "scrap": {"kind": "recycling", "minerals": ["alloy"], "collection": 0.5},
    "growth": {"kind": "demand", "minerals": ["metal"], "multiple": 1.2},
    "mix": {"kind": "technology_mix", "technology": "lean", "share": 0.7},
}


@settings(max_examples=12, deadline=None)
@given(names=st.lists(st.sampled_from(sorted(APART)), unique=True, min_size=2), shuffled=st.randoms())
def test_policies_that_set_different_things_commute(exercise, tables, names, shuffled):
    """Policies of different kinds edit the tables to the same end in any order (added rows may change places)."""
    read = TypeAdapter(AnyPolicy).validate_python
    chosen = {name: read({"assumption": "test"} | APART[name]) for name in names}
    order = list(chosen)
    shuffled.shuffle(order)
    one = policies.apply(chosen, tables, exercise, YEARS)
    two = policies.apply({name: chosen[name] for name in order}, tables, exercise, YEARS)
    for name in one:
        pd.testing.assert_frame_equal(in_order(one[name]), in_order(two[name]), rtol=1e-12)


def in_order(table):
    """The table with its rows in one order."""
    return table.sort_values(list(table.columns), ignore_index=True) if len(table) else table


def test_a_policy_is_replaced_whole(tmp_path, exercise):
    """The same id in a child leaves nothing of the parent's policy, its kind included."""
    write(tmp_path, "parent", {"p": CAP | {"share": 0.5, "by": "owner"}})
    child = write(tmp_path, "child", {"p": FUND | {"budget_musd": 1.0}}, ["parent"])
    assert resolved(child, exercise)["p"] == FUND | {"budget_musd": 1.0, "stages": "all", "minerals": "all"}


def test_a_later_horizon_wins_and_the_base_keeps_its_years(tmp_path, exercise):
    """A child may shorten the horizon: years that the parent's file allowed are no mistake there."""
    write(tmp_path, "parent", {"p": CAP | {"share": {2025: 1.0, 2027: 0.5}}})
    child = tmp_path / "child.yaml"
    child.write_text("name: child\nextends: parent\nhorizon: {from: 2025, to: 2026}\n", encoding="utf-8")
    assert scenario.read(child, exercise).years == range(2025, 2027)


def test_a_circle_of_three_is_told_where_it_closes(tmp_path, exercise):
    """a extends b, b extends c, c extends a: one fault, in c, at the line of its `extends`."""
    for name, parent in (("a", "b"), ("b", "c"), ("c", "a")):
        write(tmp_path, name, {}, [parent])
    with pytest.raises(InputError) as caught:
        scenario.read(tmp_path / "a.yaml", exercise)
    (fault,) = caught.value.faults
    assert fault.file.name == "c.yaml" and "in turn" in fault.message


def test_a_family_that_doubles_is_read_once_each(tmp_path, exercise):
    """Eighteen generations, each naming its parent eight times: every file is read once, not 8^18 times."""
    write(tmp_path, "g0", {"p": CAP | {"share": 0.5}})
    for i in range(1, 18):
        write(tmp_path, f"g{i}", {}, [f"g{i - 1}"] * 8)
    assert list(resolved(tmp_path / "g17.yaml", exercise)) == ["p"]


def test_a_family_too_deep_is_refused(tmp_path, exercise):
    """A chain of fifty parents is a mistake, told at a line."""
    write(tmp_path, "g0", {})
    for i in range(1, 50):
        write(tmp_path, f"g{i}", {}, [f"g{i - 1}"])
    with pytest.raises(InputError, match="extends more than 20 deep"):
        scenario.read(tmp_path / "g49.yaml", exercise)


def test_check_resolved_prints_what_reads_back(tmp_path, shipped):
    """`check grand_bargain --resolved` is YAML of the same scenario; the bargain has every part's policies."""
    done = CliRunner().invoke(app, ["check", "grand_bargain", "--resolved"])
    assert done.exit_code == 0
    file = tmp_path / "again.yaml"
    file.write_text(done.stdout, encoding="utf-8")
    whole = scenario.read("grand_bargain", shipped)
    assert scenario.read(file, shipped).digest == whole.digest
    for part in ("joint_investment_fund", "g20_miami", "abraham_accords", "tungsten_venture", "price_floor"):
        assert set(scenario.read(part, shipped).policies) <= set(whole.policies)
    wider = whole.policies["caspian_crossing"].capacity_t
    assert wider == scenario.read("middle_corridor", shipped).policies["caspian_crossing"].capacity_t


@pytest.mark.parametrize("file", sorted((ROOT / "scenarios").glob("*.yaml")), ids=lambda file: file.stem)
def test_shipped_scenarios_say_what_they_stand_on(file, shipped):
    """Each has the editor's line, its file's name, a title, a story of its own and grounds for every policy."""
    first = file.read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=scenario.schema.json"
    story = scenario.read(file, shipped)
    assert story.name == file.stem and story.title != story.name and len(story.story) > 80
    assert all(policy.source or policy.assumption for policy in story.policies.values())
