"""The page of docs/validation.py says what the studies found, whichever way it falls; no solve here."""

from __future__ import annotations

import importlib.util
import sys

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT


@pytest.fixture(scope="module")
def writer():
    """docs/validation.py as a module."""
    spec = importlib.util.spec_from_file_location("validation_page", ROOT / "docs" / "validation.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclass looks itself up there
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def lines(model):
    """Errors of two lines, no change being 2 points off and the trend 4."""
    table = pd.DataFrame({"commodity": ["copper", "zinc"], "stage": "mine", "half": ["choice", "judgement"]})
    return table.assign(countries=3, model=float(model), no_change=2.0, trend=4.0)


def shares(shift):
    """One share that shifts by two points at the IEA."""
    row = {"iea_before": 0.5, "iea_after": 0.52, "iea_shift": 0.02, "model_before": 0.5, "model_after": 0.5 + shift}
    return pd.DataFrame({"commodity": ["copper"], "stage": "mine", "country": "CHL", **row, "model_shift": shift})


def tried(writer, *errors):
    """Combinations with these errors on the two halves, best first; the facts' own is the last."""
    factors = [2.0] * (len(errors) - 1) + [1.0]
    return pd.DataFrame({name: factors for name in writer.told.GRID}).assign(
        choice=[e[0] for e in errors], judgement=[e[1] for e in errors]
    )


# At the ends of its range `pace` moves an error by half a point, `tail` by a hundredth.
ALONE = pd.DataFrame(
    {
        "parameter": ["as in the facts", "pace", "pace", "tail"],
        "value": [float("nan"), 0.03, 0.3, 0.05],
        "choice": [2.0, 2.1, 2.0, 2.01],
        "judgement": [3.0, 3.0, 2.5, 3.0],
    }
)


def duty(*means):
    """Mean elasticities after a year, of duties of 5 and 25 %."""
    table = pd.DataFrame({"rate": [0.05, 0.25], "after": 1, "minerals": 2, "driven_out": 0, "mean": means})
    return table.assign(median=means, together=means, published=-0.76, error=0.11)


def sold(writer, model=1.0):
    """Trade of two minerals in the United States, one of each half, no change being 2 points off and scaled 1.5."""
    table = pd.DataFrame({"mineral": ["copper", "zinc"], "stage": "refine", "market": "USA"})
    table = table.assign(half=["choice", "judgement"], given=["output", "sales"], suppliers=3, model=[3.0, model])
    table = table.assign(no_change=2.0, least_cost=4.0, scaled=1.5)
    tries = pd.DataFrame({name: [0.5, 1.0] for name in writer.trades.GRID})
    tries = tries.assign(choice=[1.0, 1.5], judgement=[2.0, 3.0], choice_usa=1.0, judgement_usa=2.0)
    changed = pd.DataFrame({"told": ["as it was", "two swapped"], "usa": [1.0, 9.0], "all": [1.0, 8.0]})
    return writer.Traded(tries, table, changed)


def beside(writer):
    """Single figures: copper as the IEA has it, lithium far from it."""
    left = pd.DataFrame({"commodity": ["copper", "lithium"], "top": "CHN", "left": [0.95, 2.0], "iea": [0.95, 0.65]})
    reliance = pd.DataFrame(
        {"mineral": ["copper"], "stage": "supply", "least_pct": 50, "most_pct": 50, "model_pct": 60, "gap_pct": 10}
    )
    cathodes = pd.DataFrame({"cathode": ["LFP"], "model": 0.6, "published": 0.92})
    ban = pd.DataFrame({"mineral": ["gallium"], "model": 0.01, "usgs": 3.1})
    return writer.Single(left, reliance, cathodes, ban, (20000.0, 16000.0))


def events(*errors):
    """Events observed at 1, off by these logarithms with the facts' own parameters and with those chosen."""
    table = pd.DataFrame(errors, columns=["error_model", "error_left_out", "error_no_change"])
    table = table.assign(event=[f"shock_{i}" for i in range(len(table))], mineral="x", group="minor_metal", kind="ban")
    table = table.assign(lost_share=0.5, share_guessed=True, observed=1.0, no_change=1.0, at_ceiling=False)
    table = table.assign(left_out_at_ceiling=True, short_run=2.0, stock_months=1.0)
    return table.assign(model=np.exp(table["error_model"]), left_out=np.exp(table["error_left_out"]))


PRICES = events((0.5, -0.1, 0.3), (0.1, 0.2, -0.3))
APART = pd.DataFrame(
    {"event": ["a_squeeze"], "mineral": ["x"], "kind": ["none"], "observed": [2.0], "why": ["no tonnes were lost"]}
)


def found(writer, model):
    """Findings in which the model's shares shift by a point where the IEA's shift by two, and withheld not at all."""
    years = dict.fromkeys(("past", "later", "year", "iea_first", "first", "duty_first"), 2000)
    back = writer.Told(2015, 2023, lines(model), tried(writer, (1.0, 4.0), (1.5, 3.0)), lines(model))
    told = (shares(0.01), shares(0.0), (back,), ALONE, sold(writer), beside(writer), duty(-3.8, -0.76), PRICES, APART)
    return writer.Findings(*told, years)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (1, "below that of `no_change` and of `trend`; on 1 of 1"),
        (3, "below that of `trend`, not below that of `no_change`; on 0 of 1"),
        (5, "below that of neither guess; on 0 of 1"),
    ],
)
def test_the_verdict_falls_either_way(writer, model, said):
    """Below both guesses, below the trend alone, below none."""
    page = writer.page(found(writer, model))
    assert said in page and f"| zinc | mine | judgement | 3 | {model}.00 | 2.00 | 4.00 |" in page


@pytest.mark.parametrize(
    ("copper", "zinc", "said"),
    [
        (1, 1, "both guesses on 0 of 2 lines; it beats neither on 0."),
        (3, 1, "both guesses on 1 of 2 lines (copper mine); it beats neither on 0."),
        (2, 4, "both guesses on 2 of 2 lines (copper mine, zinc mine); it beats neither on 1 (zinc mine)."),
    ],
)
def test_where_the_model_loses_is_named(writer, copper, zinc, said):
    """No change is 2 points off and the trend 4; a tie is no win."""
    table = lines(1).assign(model=[float(copper), float(zinc)])
    assert said in writer.worse_back(table)


def test_nearer_only_where_it_is(writer):
    """One point off where nothing moves is two off is nearer; three off is not, nor is withheld, where none moves."""
    near = pd.DataFrame({"mean_error": [1.0], "nothing_moves": [2.0]})
    assert "The model is nearer to the IEA" in writer.verdict_ahead(near)
    assert "withheld it is no nearer" in writer.verdict_ahead(near.assign(mean_error=3.0), known=False)
    page = writer.page(found(writer, 1))
    assert "The model is nearer to the IEA" in page and "withheld it is no nearer" in page
    assert "| copper | mine | CHL | 50.0 | 52.0 | 2.0 | 50.0 | 51.0 | 1.0 |" in page
    assert "| known | 1 | 1.00 | 2.00 | 1.00 |  |" in page and "| withheld | 1 | 2.00 | 2.00 | 0.00 |  |" in page
    assert "| copper | mine | 1 | 1.00 | 2.00 | 2.00 |" in page
    assert "does not beat standing still on 1 of 1 lines (copper mine)" in page


def test_what_was_chosen_and_how_flat(writer):
    """The best on one half need not be so on the other; which parameters move nothing is told from the table."""
    said = writer.choice(tried(writer, (1.0, 4.0), (1.5, 3.0)))
    assert "`growth_span` 2" in said and "lies between 1.00 and 1.50" in said
    assert said.endswith("the facts' own have 1.50 there and 3.00 on the other half, the chosen 4.00.")
    assert writer.choice(tried(writer, (1.5, 3.0))).startswith("Chosen: the facts' own.")
    back = found(writer, 1).backcasts
    better = writer.Told(2018, 2023, lines(1), tried(writer, (1.5, 3.0)), lines(1))
    assert writer.agree(back) == (
        "The base years choose the same. What they choose lowers the other half's error from none of them."
    )
    assert writer.agree((*back, better)).startswith("The base years do not choose the same.")
    gained = writer.Told(2018, 2023, lines(1), tried(writer, (1.0, 2.0), (1.5, 3.0)), lines(1))
    assert writer.agree((*back, gained)).endswith(
        "choose the same. What they choose lowers the other half's error from 2018."
    )
    told = writer.flat(ALONE)
    assert "by more than 0.50 points (`pace`)" in told and told.endswith("Those that move none by 0.05: `tail`.")
    assert "| as in the facts |  | 2.00 | 3.00 |" in writer.page(found(writer, 1))


def test_a_duty_beside_the_published_elasticity(writer):
    """Of 0.76 within 0.22 on either side: 3.8 is five times that, 0.76 just that, 0.38 half of it."""
    said = writer.verdict_duty(duty(-3.8, -0.76))
    assert said.startswith("1 of 2 means lie within two standard errors of the published; they are 1.0 to 5.0 times")
    assert "The smaller the duty the larger" in said
    even = writer.verdict_duty(duty(-0.38, -0.38))
    assert even.startswith("0 of 2") and even.endswith("0.5 to 0.5 times those.")
    page = writer.page(found(writer, 1))
    assert "| 0.05 | 1 | 2 | 0 | -3.80 | -3.80 | -3.80 | -0.76 | 0.11 |" in page and said in page


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (1.0, "is 1.00, below that of `no_change` (2.00), `least_cost` (4.00) and `scaled` (1.50)."),
        (1.7, "is 1.70, below that of `no_change` (2.00) and `least_cost` (4.00), not below that of `scaled` (1.50)."),
        (5.0, "is 5.00, not below that of `no_change` (2.00), `least_cost` (4.00) and `scaled` (1.50)."),
    ],
)
def test_trade_falls_either_way(writer, model, said):
    """Below all three guesses, below the two naive ones, below none; the other half and both together stand beside."""
    text = writer.trade_section(sold(writer, model))
    assert f"US import shares {said}" in text
    assert (
        "chosen on, of US shares, it is 3.00, below that of `least_cost` (4.00), not below that of `no_change`" in text
    )
    assert "1 of 2 minerals (copper)" in text if model < 2 else "2 of 2 minerals (copper, zinc)" in text
    assert f"error is {model:.2f} beside 2.00 of `no_change` on those with `sales`." in text
    assert "| sales | USA | judgement | 1 |" in text and "| two swapped | 9.00 | 8.00 |" in text
    assert "Chosen: `run_out` 0.5" in text


def test_the_page_has_the_section_on_trade(writer):
    """Between how flat the backcast is and the duty."""
    page = writer.page(found(writer, 1))
    assert page.index("How flat it is") < page.index(writer.trade_section(sold(writer))) < page.index("lasting duty")


def test_single_figures_stand_beside_the_published(writer):
    said = writer.single_section(beside(writer))
    assert "1 of 2 are within a tenth of the IEA's; furthest is lithium (2.00 against 0.65)" in said
    assert "Mean over 1 minerals:\n10.0 points" in said and "buy 16,000 t of antimony" in said


def test_prices_of_known_shocks_either_way(writer):
    """Means of 0.3 and 0.15 beside 0.3 of no change; each guess is nearer on one event or both; both ways."""
    page = writer.prices_section(PRICES, APART)
    assert "`model` is no nearer than no change in the mean (0.30, 0.30), clearly on 1 of 2 events." in page
    assert "`left_out` is nearer than no change in the mean (0.15, 0.30), clearly on 2 of 2 events." in page
    assert "Furthest off with parameters chosen so: shock_1 (1.2 for 1.0), shock_0 (0.9 for 1.0)." in page
    assert "| shock_0 | minor metal | 0.50* | 1.00 | 1.65 | 0.90* | 0.50 | -0.10 | 0.30 | 2.00 | 1.00 |" in page
    assert "| all | 2 | 0.30 | 0.15 | 0.30 | 0 | 2 |" in page and "| a_squeeze | x | none | 2.00 | no tonnes" in page
    assert page in writer.page(found(writer, 1))
