"""`print(result)` says what matters on one small screen."""

from __future__ import annotations

import pytest

from supplychain.results.result import Result


def test_fits_on_ten_lines_of_eighty_columns(pair):
    """Title, cost in words, certificate, headline figures and every table that has rows."""
    for result in pair:
        text = str(result)
        lines = text.splitlines()
        assert len(lines) <= 10 and max(map(len, lines)) <= 80
        assert repr(result) == text
        assert lines[0].startswith(f"{result.name}: {result.title[:40]}")
        assert result.cost_in_words() in lines[1]
        assert "optimal, gap" in text and "residuals" in text and "mass closes to" in text
        summary = result.summary.set_index("metric")["value"]
        assert f"largest supplier {summary['top_share']:.1%}" in text
        assert f"of concern {summary['share_feoc']:.1%}" in text
        assert "US bill" in text and "minerals short" in text and f"(US, {result.supply['year'].max()})" in text
        listed = " ".join(lines).split("tables ")[1].replace(",", "").split()
        assert listed == [name for name, table in result.tables.items() if len(table)]


def test_what_is_not_there_is_not_told(dantzig):
    """Data in other money have their cost and tables; numbers of the largest size keep the width."""
    assert "US bill" not in str(dantzig) and "tables  summary" in str(dantzig)
    assert str(Result("x", "long " * 100, 1.0, {}, {})).splitlines()[0].endswith(" ...")
    metrics = ["us_bill", "public_spending", "switching", "us_forgone", "us_minerals_short", "vehicles_lost", "gw_lost"]
    large = dantzig.tables["summary"].iloc[[0] * len(metrics)].assign(metric=metrics, value=123456789012.0)
    text = str(Result("x", "x", 1e30, dantzig.manifest, {"summary": large}))
    assert max(map(len, text.splitlines())) <= 80 and len(text.splitlines()) <= 10


@pytest.mark.parametrize("manifest", [{}, {"mass_balance": {}}])
def test_a_manifest_without_a_certificate(manifest):
    """A result made by hand can be printed too."""
    assert "no status" in str(Result("x", "x", 1.0, manifest, {}))
