"""Scenarios on a part of the facts: what speaks of what was left out is dropped with a warning, and never fails."""

from __future__ import annotations

import warnings
from functools import cache, partial

import pytest
from conftest import ROOT

import supplychain
from supplychain.facts.errors import InputError, LeftOutWarning
from supplychain.scenario import scenario
from supplychain.system.build import base_tables, build_system

SHIPPED = sorted(file.stem for file in (ROOT / "scenarios").glob("*.yaml"))
HEAD = "name: s\nhorizon: {from: 2024, to: 2030}\npolicies:\n"
CAP = "  cap: {kind: supplier_cap, group: feoc, stages: [mine], share: 0.5, assumption: a test, minerals: [%s]}\n"


def told_reading(name, part):
    """The scenario read on a part of the facts, and the lines of the warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read = scenario.read(name, part)
    assert all(issubclass(warning.category, LeftOutWarning) for warning in caught)
    return read, [line for warning in caught for line in str(warning.message).splitlines()]


@pytest.fixture(scope="module")
def base(two):
    """The tables before any policy by years: made once, for no policy changes them."""
    return cache(partial(base_tables, two))


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_scenario_goes_on_a_part(name, shipped, two, base):
    """It is read and built; the policies that stand name nothing that is not there, each that changed is told."""
    read, lines = told_reading(name, two)
    before = told_reading(name, shipped)[0].policies
    for policy in read.policies.values():
        assert all(entry in named.known(two) for _, _, entry, named in policy.names())
    changed = {policy for policy in before if before[policy] != read.policies.get(policy)}
    assert changed == {line.split("'")[1] for line in lines}
    assert all(line.startswith(str(ROOT / "scenarios")) or line.startswith("scenarios/") for line in lines)
    assert len(build_system(two, read, base(read.years)).tables()["sites"])


def test_the_whole_says_nothing(shipped):
    """On all the facts no scenario is warned of, and nothing is dropped."""
    for name in ("friends_first", "export_ban", "tungsten_venture"):
        assert told_reading(name, shipped)[1] == []


def test_one_is_solved(shipped):
    """`friends_first` on tungsten alone has no policy left; the run warns, and says what it solved."""
    with pytest.warns(LeftOutWarning, match="allied_content"):
        result = supplychain.run("friends_first", shipped.only(["tungsten"]))
    assert result.manifest["scenario"]["resolved"]["policies"] == {}
    assert set(result.tables["supply"]["mineral"]) == {"tungsten"}


def test_a_list_loses_only_what_is_left_out(tmp_path, two):
    """The others stay, and the warning stands where the list stands; a list that would be empty takes its policy."""
    file = tmp_path / "s.yaml"
    file.write_text(HEAD + CAP % "antimony, tungsten" + CAP.replace("cap:", "gone:") % "antimony, cobalt")
    read, lines = told_reading(file, two)
    assert {name: policy.minerals for name, policy in read.policies.items()} == {"cap": ["tungsten"]}
    assert [line.split(": ", 1)[1] for line in lines] == [
        "warning: policy 'cap' goes on without antimony (minerals)",
        "warning: policy 'gone' is left out: these facts do not hold antimony, cobalt (minerals)",
    ]
    assert [line.split(":")[1] for line in lines] == ["4", "5"]


def test_a_name_that_no_facts_know_is_an_error(tmp_path, two):
    """What the whole facts do not hold either is a mistake, told with the nearest name that they hold."""
    file = tmp_path / "s.yaml"
    file.write_text(HEAD + CAP % "antimny, tungsten")
    with pytest.raises(InputError, match=r"s\.yaml:4:\d+: .*unknown mineral 'antimny'; did you mean 'antimony'"):
        scenario.read(file, two)


def test_a_part_of_a_part_remembers_the_whole(shipped, two):
    """Whatever is left out in how many steps, the whole is that which was read."""
    assert two.only(["tungsten"]).whole is shipped
    assert shipped.whole is shipped
