"""The page of docs/validation.py says what the studies found, whichever way it falls; no solve here."""

from __future__ import annotations

import importlib.util
import sys

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


def found(writer, model):
    """Findings in which the model's shares shift by a point where the IEA's shift by two."""
    shares = {"iea_before": 0.5, "iea_after": 0.52, "iea_shift": 0.02}
    shares |= {"model_before": 0.5, "model_after": 0.51, "model_shift": 0.01}
    table = pd.DataFrame({"commodity": ["copper"], "stage": "mine", "country": "CHL", **shares})
    tried = pd.DataFrame({name: [2.0] for name in writer.told.GRID})
    years = dict.fromkeys(("base", "judged", "past", "year", "iea_first", "first"), 2000)
    return writer.Findings(table, lines(model), tried, lines(model), years)


@pytest.mark.parametrize(
    ("model", "said"),
    [(1, "`no_change` and of `trend`; on 1 of 1"), (3, "that of `trend`; on 0 of 1"), (5, "neither guess; on 0 of 1")],
)
def test_the_verdict_falls_either_way(writer, model, said):
    """Below both guesses, below the trend alone, below none."""
    page = writer.page(found(writer, model))
    assert said in page and f"| zinc | mine | judgement | 3 | {model}.00 | 2.00 | 4.00 |" in page


def test_nearer_only_where_it_is(writer):
    """One point off where nothing moves is two off is nearer; three off is not."""
    near = pd.DataFrame({"mean_error": [1.0], "nothing_moves": [2.0]})
    assert "is nearer to the IEA" in writer.verdict_ahead(near)
    assert "is no nearer" in writer.verdict_ahead(near.assign(mean_error=3.0))
    assert "| copper | mine | CHL | 50.0 | 52.0 | 2.0 | 50.0 | 51.0 | 1.0 |" in writer.page(found(writer, 1))
