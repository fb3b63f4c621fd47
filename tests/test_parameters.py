"""The model's own parameters: the shipped ones are the defaults, and each moves what it is about, by hand."""

from __future__ import annotations

import handmade
import pandas as pd
import pytest

from supplychain.facts.errors import InputError
from supplychain.facts.growth import yearly_growth
from supplychain.facts.parameters import DEFAULTS, parameters
from supplychain.program.equations import build_program
from supplychain.program.variables.steps import NEW, OPEN, delivery_steps
from supplychain.system.build import build_system
from supplychain.system.curves import dearest


def with_own(tables, **own):
    """Facts with some of the parameters given."""
    return handmade.facts(**tables | {"parameters": own})


def test_shipped_ones_are_the_defaults(shipped):
    """The table holds every parameter at its default, inside the range that it gives."""
    table = shipped["parameters"].set_index("parameter")
    assert table["value"].to_dict() == DEFAULTS
    assert (table["low"] <= table["value"]).all() and (table["value"] <= table["high"]).all()


def test_one_left_out_has_its_default():
    """A table with one parameter gives that one and the defaults of the others; no table gives the defaults."""
    assert parameters(with_own({}, pace=0.2)).set_index("parameter")["value"].to_dict() == DEFAULTS | {"pace": 0.2}
    assert parameters(handmade.facts()).set_index("parameter")["value"].to_dict() == DEFAULTS


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("run_out", 1.5, "run_out is 1.5, above 1"),
        ("growth_span", 2.5, "growth_span is 2.5, which is no whole number of years"),
        ("growth_span", 0, "growth_span is 0, which is no whole number of years"),
    ],
)
def test_what_cannot_be_is_told(name, value, said):
    """A share above 1, years that are no whole number: the message names file, line and parameter."""
    with pytest.raises(InputError, match=rf"parameters\.csv:2:2: value: {said}"):
        parameters(with_own({}, **{name: value}))


# Additions by the year: 1, 2, 3, 4 t; over any two years 1.5, 2.5, 3.5 t a year.
GROWN = {"history": {f"x mine KAZ {2010 + i}": t for i, t in enumerate((10, 11, 13, 16, 20))}}


@pytest.mark.parametrize(
    ("span", "quantile", "growth"), [(1, 0.5, 2.5), (1, 1.0, 4.0), (2, 0.5, 2.5), (2, 0.0, 1.5), (4, 0.5, 2.5)]
)
def test_growth_by_span_and_quantile(span, quantile, growth):
    """The median of four single years lies between 2 and 3 t; the largest is 4 t; over four years 10 t were added."""
    known = with_own(GROWN, growth_span=span, growth_quantile=quantile)
    assert yearly_growth(known).loc["x", "mine", "KAZ"] == pytest.approx(growth)


def test_growth_without_history():
    """Kazakhstan makes 60 of 200 t and has no history: a tenth of its output is 6 t a year, a twentieth (the default)
    3 t; the growth limit of a tenth of the world's output, 20 t, leaves room for both."""
    tables = handmade.BASE_YEAR | {"economics": handmade.BASE_YEAR["economics"] | {"x refine growth_limit": 0.1}}
    for own, yearly in (({"own_growth": 0.1}, 6.0), ({}, 3.0)):
        builds = build_system(with_own(tables, **own), handmade.story(2025, 2026)).builds
        assert builds.loc[builds["country"] == "KAZ", "yearly_t"].tolist() == pytest.approx([yearly])


def test_run_out_and_qualifying():
    """The USA buys 25 t from China; a tenth of the contracts runs out a year, so that 25 (1 - 0.9^2) = 4.75 t are open
    in 2027. A new tonne costs a fiftieth of the price of 100 USD, and its freight of 20 beyond the mean, 4.1."""
    known = with_own(handmade.BASE_YEAR, run_out=0.1, qualifying=0.02)
    table = delivery_steps(build_system(known, handmade.story(2025, 2027)))
    table = table.query("supplier == 'CHN' and market == 'USA' and year == 2027").set_index("step")
    assert table.loc[OPEN, "width_t"] == pytest.approx(4.75)
    assert table.loc[NEW, "switching"] == pytest.approx(2.0 + 20 - 4.1)


@pytest.mark.parametrize(("own", "most"), [({"pace": 0.3}, 15.0), ({}, 5.0)])
def test_pace_bounds_new_relations(own, most):
    """The USA uses 50 t: 15 t of one new supplier can be qualified in a year at a pace of 0.3, 5 t by default."""
    program = build_program(build_system(with_own(handmade.BASE_YEAR, **own), handmade.story(2025, 2026)))
    rows = program.constraints["new_relations"]
    assert rows.upper[(rows.table["market"] == "USA").to_numpy()] == pytest.approx(most)


# Six tenths of the output cost 40 USD/t, four tenths 100.
COSTS = pd.DataFrame({"mineral": "x", "stage": "mine", "output_t": [60.0, 40.0], "opex_usd_per_t": [40.0, 100.0]})


@pytest.mark.parametrize(("part", "spread", "top"), [(0.1, 0.0, 100), (0.5, 0.0, 40), (0.1, 0.2, 120), (0.1, 0.5, 150)])
def test_the_dearest_tonnes(part, spread, top):
    """The dearest tenth costs 100 USD/t, the dearest half begins among those at 40. The dearest third of the
    plants at 100, 13 t of 100, costs a fifth or a half more."""
    assert dearest(COSTS, part, spread).loc["x", "mine"] == pytest.approx(top)


def test_tail_stands_idle():
    """Kazakhstan makes 60 t at half of its 120 t: 54 t run and 66 t count as idle where a tenth is its tail."""
    system = build_system(with_own(handmade.BASE_YEAR, tail=0.1), handmade.story(2025, 2025))
    stands = system.existing.query("country == 'KAZ'").groupby("step")["existing_t"].sum()
    assert stands.to_dict() == pytest.approx({"cheap": 18, "usual": 18, "dear": 18, "idle": 66})
