"""A mistake in a table or a scenario is one clear line with file and row, and exit status 2."""

from __future__ import annotations

import csv
import shutil
import tempfile
import tracemalloc
from pathlib import Path

import pytest
from conftest import CASES
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from supplychain.cli import app
from supplychain.facts import dataset
from supplychain.facts.errors import InputError
from supplychain.scenario import scenario


def _set(column, value):
    def change(rows):
        rows[1][rows[0].index(column)] = value
        return rows

    return change


def _drop_source(rows):
    rows[1][rows[0].index("source")] = ""
    return rows


def _drop_column(rows):
    return [row[:-1] for row in rows]


BROKEN = {
    "negative capacity": ("capacity", _set("capacity_t", "-1"), 2, "below the minimum"),
    "text in a number": ("capacity", _set("capacity_t", "many"), 2, "'many' is not a finite number"),
    "not a number": ("capacity", _set("capacity_t", "nan"), 2, "not a finite number"),
    "infinite": ("capacity", _set("capacity_t", "inf"), 2, "not a finite number"),
    "blank": ("capacity", _set("capacity_t", ""), 2, "a value is required"),
    "year with a fraction": ("capacity", _set("year", "2025.5"), 2, "not a finite integer"),
    "unknown stage": ("capacity", _set("stage", "refien"), 2, "did you mean 'refine'"),
    "unknown mineral": ("prices", _set("mineral", "metall"), 2, "did you mean 'metal'"),
    "unknown country": ("freight", _set("country", "KAX"), 2, "unknown country 'KAX'"),
    "unknown source": ("prices", _set("source", "made_upp"), 2, "did you mean 'made_up'"),
    "duplicate key": ("prices", lambda rows: [*rows, rows[1]], None, "duplicate key"),
    "missing column": ("prices", _drop_column, 1, "column 'high' is missing"),
    "unknown column": ("deflator", lambda rows: [[*row, "x"] for row in rows], 1, "unknown column 'x'"),
    "neither source nor estimate": ("prices", _drop_source, 2, "neither a source nor an estimate"),
    "estimate without a range": ("prices", _set("estimate", "guess"), 2, "needs its range"),
    "ragged row": ("prices", lambda rows: [rows[0], rows[1][:-2], *rows[2:]], 2, "cells where the header has"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_table_is_one_line_with_file_and_row(tmp_path, kind):
    """Each mistake in a copy of a data package is told once, with the table's file and the row's line; exit 2."""
    table, change, line, message = BROKEN[kind]
    folder = tmp_path / "data"
    shutil.copytree(CASES / "two_mines", folder)
    file = folder / f"{table}.csv"
    rows = change(list(csv.reader(file.open(encoding="utf-8", newline=""))))
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)
    done = CliRunner().invoke(app, ["data", "--check", "--data", str(folder)])
    told = done.output.strip().splitlines()
    assert done.exit_code == 2 and len(told) == 1, told
    assert told[0].startswith(f"{file}:{line or len(rows)}:") and message in told[0]


HEAD = "name: x\nhorizon: {from: 2025, to: 2027}\n"
CAP = (
    HEAD
    + "policies:\n  p:\n    kind: supplier_cap\n    group: CHN\n    market: USA\n"
    + "    stages: [mine]\n    share: 0.5\n    assumption: test\n"
)


def cap(old, new):
    """The valid scenario above with one thing changed."""
    assert old in CAP
    return CAP.replace(old, new)


def policy(**fields):
    """A scenario with one policy, each field on a line of its own from line 5 on."""
    lines = [f"    {key}: {value}" for key, value in fields.items()]
    return HEAD + "policies:\n  p:\n" + "\n".join(lines) + "\n    assumption: test\n"


OFFTAKE = {"kind": "offtake", "country": "KAZ", "mineral": "metal", "tonnes": 1}
TARIFF = {"kind": "tariff", "countries": "[CHN]"}
FUND = {"kind": "investment_fund", "countries": "[KAZ]", "capex_share": 0.3, "budget_musd": 1}
SCENARIOS = {
    # keys
    "unknown key": (HEAD + "titel: y\n", 3, "did you mean 'title'"),
    "unknown field": (cap("    share", "    shar: 1\n    share"), 9, "did you mean 'share'"),
    "unknown horizon key": ("name: x\nhorizon:\n  from: 2025\n  until: 2027\n  to: 2027\n", 4, "allowed: from, to"),
    "field of another kind": (cap("    share", "    rate: 1\n    share"), 9, "unknown key 'rate'"),
    "missing field": (cap("    group: CHN\n", ""), 4, "'group' is missing"),
    "missing kind": (cap("    kind: supplier_cap\n", ""), 4, "'kind' is missing"),
    "missing name": ("horizon: {from: 2025, to: 2027}\n", 1, "'name' is missing"),
    "missing year of the horizon": ("name: x\nhorizon: {from: 2025}\n", 2, "'to' is missing"),
    "unknown kind": (cap("supplier_cap", "supplier_cup"), 5, "did you mean 'supplier_cap'"),
    "duplicate key": (HEAD + "name: y\n", 3, "duplicate key"),
    "duplicate id": (CAP + "  p:\n    kind: demand\n", 11, "duplicate key"),
    "duplicate field": (CAP + "    share: 0.4\n", 11, "duplicate key"),
    "duplicate year": (cap("0.5", "{2026: 0.5, 2026: 0.4}"), 9, "duplicate key"),
    "id with a space": (cap("  p:", "  p q:"), 4, "match pattern"),
    "id that is a number": (cap("  p:", "  7:"), 4, "valid string"),
    "key that is a list": (HEAD + "? [a, b]\n: 1\n", 3, "a key is a plain word"),
    "key that is a map": (HEAD + "? {a: b}\n: 1\n", 3, "a key is a plain word"),
    # types and ranges
    "wrong type": ("name: x\nhorizon: {from: soon, to: 2025}\n", 2, "valid integer"),
    "a number as text": (cap("0.5", "'0.5'"), 9, "share"),
    "a list for a number": (cap("0.5", "[0.5]"), 9, "valid number"),
    "a boolean for a number": (cap("0.5", "true"), 9, "share"),
    "nothing for a number": (cap("0.5", ""), 9, "valid number"),
    "text for a list": (cap("[mine]", "mine"), 8, "valid list"),
    "an empty list": (cap("[mine]", "[]"), 8, "at least 1"),
    "a number for a name": (cap("group: CHN", "group: 7"), 6, "valid string"),
    "a number for the scenario's name": ("name: 7\nhorizon: {from: 2025, to: 2027}\n", 1, "valid string"),
    "a policy that is a list": (HEAD + "policies:\n  p: [a]\n", 4, "p:"),
    "policies that are a list": (HEAD + "policies: [a]\n", 3, "valid dictionary"),
    "share over one": (cap("0.5", "1.5"), 9, "less than or equal to 1"),
    "negative share": (cap("0.5", "-0.1"), 9, "greater than or equal to 0"),
    "share over one in a year": (cap("0.5", "{2026: 0.5, 2027: 1.5}"), 9, "less than or equal to 1"),
    "not a number": (cap("0.5", ".nan"), 9, "finite"),
    "not a number in a year": (cap("0.5", "\n      2026: .nan"), 10, "finite"),
    "infinite": (policy(**OFFTAKE | {"tonnes": ".inf"}), 8, "finite"),
    "overflowing number": (policy(**OFFTAKE | {"tonnes": "1e999"}), 8, "finite"),
    "endless number": (policy(**OFFTAKE | {"tonnes": "9" * 5000}), 8, "too long"),
    "negative tonnes": (policy(**OFFTAKE | {"tonnes": -1}), 8, "greater than or equal to 0"),
    "negative budget": (policy(**FUND | {"budget_musd": -1}), 8, "greater than or equal to 0"),
    "discount rate in per cent": (HEAD + "discount_rate: 5\n", 3, "less than or equal to 0.5"),
    "points in per cent": (
        policy(kind="cost_of_capital", countries="[KAZ]", points=-3),
        7,
        "greater than or equal to -0.2",
    ),
    "lead time with a fraction": (policy(kind="lead_time", countries="[KAZ]", years_sooner=1.5), 7, "valid integer"),
    "an empty map of years": (cap("0.5", "{}"), 9, "at least 1"),
    "years as words": (cap("0.5", "{soon: 0.5}"), 9, "valid integer"),
    "bad name": ("name: ../x\nhorizon: {from: 2025, to: 2025}\n", 1, "name"),
    # years
    "year out of range": ("name: x\nhorizon: {from: 25, to: 2030}\n", 2, "greater than or equal to 1900"),
    "no horizon": ("name: x\n", 1, "needs a horizon"),
    "horizon backwards": ("name: x\nhorizon: {from: 2030, to: 2025}\n", 1, "needs a horizon"),
    "years backwards": (CAP + "    years: [2027, 2026]\n", 4, "run backwards"),
    "one year for two": (CAP + "    years: [2026]\n", 11, "years"),
    "years beyond the horizon": (CAP + "    years: [2026, 2030]\n", 11, "outside the horizon 2025 to 2027"),
    "share in a year beyond the horizon": (cap("0.5", "\n      2026: 0.5\n      2040: 0.4"), 11, "the year 2040"),
    "release beyond the horizon": (
        policy(kind="stockpile", days=30, release="[2026, 2062]"),
        7,
        "the year 2062 lies outside",
    ),
    # names
    "unknown country": (cap("CHN", "CHM"), 6, "did you mean 'CHN'"),
    "unknown group": (cap("group: CHN", "group: central_asai"), 6, "did you mean 'central_asia'"),
    "unknown in a list": (cap("group: CHN", "group:\n    - KAZ\n    - CHM"), 8, "did you mean 'CHN'"),
    "unknown market": (cap("market: USA", "market: UAS"), 7, "did you mean 'USA'"),
    "unknown mineral": (cap("    share", "    minerals: [metall]\n    share"), 9, "did you mean 'metal'"),
    "unknown stage": (cap("[mine]", "[mines]"), 8, "did you mean 'mine'"),
    "unknown source": (cap("assumption: test", "source: made_upp"), 10, "did you mean 'made_up'"),
    "unknown service": (policy(kind="demand", services="[widget]", multiple=2), 6, "did you mean 'widgets'"),
    "unknown technology": (policy(kind="technology_mix", technology="leen", share=0.5), 6, "did you mean 'lean'"),
    "unknown project": (policy(**OFFTAKE | {"project": "uz_mind"}), 9, "did you mean 'uz_mine'"),
    "unknown leg": (policy(kind="corridor", legs="[stepp]", closed="true"), 6, "did you mean 'steppe'"),
    "unknown corridor": (policy(kind="corridor", corridor="midle", closed="true"), 6, "did you mean 'middle'"),
    "unknown owner's way": (cap("    share", "    by: ownr\n    share"), 9, "did you mean 'owner'"),
    # what a policy must say
    "no grounds": (cap("    assumption: test\n", ""), 4, "needs a 'source' or an 'assumption'"),
    "tariff without a duty": (policy(**TARIFF), 4, "needs either a 'rate' or 'usd_per_t'"),
    "tariff with two duties": (policy(**TARIFF, rate=0.1, usd_per_t=5), 4, "needs either a 'rate' or 'usd_per_t'"),
    "corridor of nothing": (policy(kind="corridor", closed="true"), 4, "needs a 'corridor' or 'legs'"),
    "demand of nothing": (policy(kind="demand", multiple=2), 4, "needs either 'services' or 'minerals'"),
    "mix of nothing": (policy(kind="technology_mix", technology="lean"), 4, "needs a 'share'"),
    # inheritance
    "extends nothing": (HEAD + "extends: nowhere_at_all\n", 3, "no such scenario"),
    "extends a path": (HEAD + "extends: ../../etc/passwd\n", 3, "no such scenario"),
    "extends itself": (HEAD + "extends: broken\n", 3, "extends it in turn"),
    "extends itself in a list": (HEAD + "extends:\n- broken\n", 4, "extends it in turn"),
    # YAML
    "alias": (HEAD + "title: &a x\nstory: *a\n", 4, "aliases"),
    "anchor loop": (HEAD + "policies: &a\n  p: *a\n", 4, "aliases"),
    "bomb": ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", 2, "aliases"),
    "merge key": (HEAD + "horizon: {<<: {from: 2025}, to: 2026}\n", 3, "merge keys"),
    "tag": (HEAD + "title: !!python/object:os.system x\n", 3, "tags"),
    "directive": ("%YAML 1.1\n---\nname: x\n", 1, "directives"),
    "two documents": (HEAD + "---\nname: y\n", 3, "another document"),
    "tabs": ("name: x\n\thorizon: 1\n", 2, "not valid YAML"),
    "open bracket": (HEAD + "extends: [a\n", 4, "not valid YAML"),
    "open quote": (HEAD + "title: 'a\n", 4, "not valid YAML"),
    "bad indentation": (HEAD + "policies:\n   p:\n  q:\n", 5, "not valid YAML"),
    "colon in a value": (HEAD + "title: a: b\n", 3, "not valid YAML"),
    "control character": (HEAD + "title: a\x07b\n", 3, "not valid YAML"),
    "deep nesting": (HEAD + "title: " + "[" * 40_000, 3, "nested more than"),
    "deep maps": (HEAD + "title:\n" + "".join(" " * i + "a:\n" for i in range(1, 200)), 15, "nested more than"),
    "too many keys": (HEAD + "title:\n" + "".join(f" k{i}: 1\n" for i in range(9_000)), None, "too many keys"),
    "empty": ("", 1, "mapping of keys"),
    "only a comment": ("# nothing\n", 1, "mapping of keys"),
    "a list": ("- a\n", 1, "mapping of keys"),
    "a word": ("status_quo\n", 1, "mapping of keys"),
}
BYTES = {
    "binary": (bytes(range(256)), 2, "not UTF-8"),
    "UTF-16": ("name: x\n".encode("utf-16"), 1, "byte-order mark"),
    "byte-order mark": (b"\xef\xbb\xbf" + CAP.encode(), 1, "byte-order mark"),
    "latin letter": (b"name: x\ntitle: caf\xe9\n", 2, "not UTF-8"),
    "zeros": (b"\x00" * 1000, 1, "not valid YAML"),
    "ten megabytes": (b"a: 1\n" * 2_000_000, 1, "a scenario has at most"),
    "one long line": (b"x" * 1_100_000, 1, "a scenario has at most"),
}


@pytest.fixture(scope="module")
def exercise():
    """The facts of the exercise on which the broken scenarios are read."""
    return dataset.read(CASES / "two_mines")


@pytest.mark.parametrize("kind", [*SCENARIOS, *BYTES])
def test_a_broken_scenario_is_one_line_with_its_place(tmp_path, monkeypatch, exercise, kind):
    """Each mistake in a scenario is told once, with file and line, and exit status 2."""
    text, line, message = SCENARIOS.get(kind) or BYTES[kind]
    file = tmp_path / "broken.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    monkeypatch.setattr("supplychain.facts.dataset.read", lambda data: exercise)
    done = CliRunner().invoke(app, ["check", str(file)])
    lines = done.output.strip().splitlines()
    assert done.exit_code == 2, done.output
    assert len(lines) == 1, lines
    place = f"{file}:{line}:" if line else f"{file}:"
    assert lines[0].startswith(place) and message in lines[0], lines[0][:300]


@pytest.mark.parametrize(
    "kind", ["bomb", "anchor loop", "deep nesting", "too many keys", "ten megabytes", "endless number"]
)
def test_a_hostile_file_takes_little_memory(tmp_path, exercise, kind):
    """Files made to grow when they are read are refused within a few megabytes."""
    text, *_ = SCENARIOS.get(kind) or BYTES[kind]
    file = tmp_path / "broken.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    tracemalloc.start()
    with pytest.raises(InputError):
        scenario.read(file, exercise)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30e6


def test_there_are_enough_kinds_of_mistakes():
    """Sixty kinds at least, and each a different text."""
    texts = {text if isinstance(text, bytes) else text.encode() for text, *_ in (*SCENARIOS.values(), *BYTES.values())}
    assert len(texts) == len(SCENARIOS) + len(BYTES) >= 60


def test_several_mistakes_are_told_together(tmp_path, exercise):
    """One line a fault, in the order of the file: a wrong key, a share over one and an unknown stage."""
    file = tmp_path / "broken.yaml"
    file.write_text(cap("share: 0.5", "share: 1.5\n    by: nobody").replace("name: x", "name: x\ntitel: y"), "utf-8")
    with pytest.raises(InputError) as caught:
        scenario.read(file, exercise)
    assert [fault.line for fault in caught.value.faults] == [2, 10, 11]


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_no_mutation_of_a_scenario_ends_in_a_traceback(exercise, data):
    """Characters of a valid scenario replaced, dropped or doubled at random: it is read, or refused with its line."""
    text = list(cap("0.5", "{2026: 0.5, 2027: 0.4}"))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at] = data.draw(
            st.sampled_from(["", "\n", " ", ":", "[", "}", "-", "&", "*", "'", "#", "?", "\t", "\x00", "0", "é"])
        )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "mutant.yaml"
        file.write_text("".join(text), encoding="utf-8")
        try:
            scenario.read(file, exercise)
        except InputError as error:
            assert error.faults and all(fault.line >= 1 for fault in error.faults)


SETTINGS = {
    "no such policy": ("policies.q.share=0.5", "no such policy; allowed: p"),
    "no such field": ("policies.p.shar=0.5", "did you mean 'share'"),
    "out of range": ("policies.p.share=1.5", "less than or equal to 1"),
    "wrong type": ("policies.p.share=half", "valid number"),
    "unknown name": ("policies.p.group=CHM", "did you mean 'CHN'"),
    "year beyond the horizon": ("policies.p.share={2050: 0.1}", "the year 2050"),
    "no value": ("policies.p.share", "write policies.ID.field=value"),
    "another key": ("horizon.to=2030", "write policies.ID.field=value"),
    "no field": ("policies.p=0.5", "name the field"),
    "not YAML": ("policies.p.share={", "not valid YAML"),
    "an alias": ("policies.p.share=*a", "aliases"),
    "deeper than there is": ("policies.p.share.2026.x=1", "no map of values"),
    "another kind": ("policies.p.kind=supplier_cup", "did you mean 'supplier_cap'"),
    "grounds removed": ("policies.p.assumption=null", "needs a 'source' or an 'assumption'"),
}


@pytest.mark.parametrize("kind", SETTINGS)
def test_a_broken_setting_is_one_line(tmp_path, exercise, kind):
    """A wrong `--set` is one line that names the setting and what is meant."""
    setting, message = SETTINGS[kind]
    file = tmp_path / "valid.yaml"
    file.write_text(CAP, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        scenario.read(file, exercise, [setting])
    assert len(caught.value.faults) == 1
    assert str(caught.value).startswith("--set:1:1: ") and message in str(caught.value)


def test_settings_change_one_value(tmp_path, exercise):
    """`--set` changes a value, a year of a map, a list, or removes a policy, and leaves the rest."""
    file = tmp_path / "valid.yaml"
    file.write_text(cap("0.5", "{2026: 0.5, 2027: 0.4}"), encoding="utf-8")

    def read(*settings):
        return scenario.read(file, exercise, settings).policies

    assert read("policies.p.share=0.3")["p"].share == 0.3
    assert read("policies.p.share.2027=0.1")["p"].share == {2026: 0.5, 2027: 0.1}
    assert read("policies.p.group=[KAZ, UZB]", "policies.p.by=owner")["p"].group == ["KAZ", "UZB"]
    assert read("policies.p=null") == {}
    assert read()["p"] == read("policies.p.share.2027=0.4")["p"]


def test_unknown_scenario_names_the_nearest():
    """`run` on a misspelt name says which scenario was meant."""
    done = CliRunner().invoke(app, ["run", "status_quu"])
    assert done.exit_code == 2 and "status_quo" in done.output
