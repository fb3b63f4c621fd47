"""Two results in ten lines: what a second costs and brings beside a first, in words and units for the eye."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from supplychain.results.compare import Comparison

# Metric of the summary: its words, the unit it is told in, how many of that unit one is, and decimals.
BILLION = ("billion USD", 1e-3, 2)
SHARE = ("%", 100.0, 1)
LINES: dict[str, tuple[str, str, float, int]] = {
    "resource_cost": ("resource cost", *BILLION),
    "us_bill": ("US bill for minerals", *BILLION),
    "public_spending": ("public spending", *BILLION),
    "public_revenue": ("tariff revenue", *BILLION),
    "top_share": ("US: largest supplier", *SHARE),
    "share_feoc": ("US: from countries of concern", *SHARE),
    "share_central_asia": ("US: from Central Asia", *SHARE),
    "us_minerals_short": ("US: minerals short", "minerals", 1.0, 0),
    "vehicles_lost": ("US: not built for want of minerals", "vehicles", 1.0, 0),
    "gw_lost": ("US: not built for want of minerals", "GW", 1.0, 1),
}
TERMS = (
    "Money: present value. Shares: of US supply in the last year, each mineral counting the same. "
    "Short: over 5 % of use given up in some year at more than one and a half times the normal price. "
    "Not built: over all years."
)
SHARES = {"dependence": "share_feoc", "supply": "share"}
NAMED = 3  # minerals in a sentence


def verdict(found: Comparison) -> pd.DataFrame:
    """The headline figures side by side, as text: metric, unit, before, after, difference; `TERMS` says of what.

    Data in other money than USD have their least cost only.
    """
    values = found.tables["summary"].set_index("metric")
    rows = [_row(values.loc[metric], *LINES[metric]) for metric in LINES if metric in values.index]
    if "resource_cost" not in values.index:
        least = values.loc["objective"]
        rows.insert(0, _row(least, "least cost", str(least["unit"]), 1.0, 3))
    return pd.DataFrame(rows, columns=["metric", "unit", "before", "after", "difference"])


def _row(value: pd.Series, words: str, unit: str, factor: float, decimals: int) -> tuple[str, ...]:
    before, after, difference = (
        _told(value[f"value_{side}"] * factor, form, decimals)
        for side, form in (("before", ","), ("after", ","), ("difference", "+,"))
    )
    return words, unit, before, after, difference


def _told(value: float, form: str, decimals: int) -> str:
    """The figure, rounded; a bare nil where nothing is left of it, and nothing where there is none."""
    text = f"{value:{form}.{decimals}f}"
    return "" if pd.isna(value) else text if text.strip("+-0.") else "0"


def remarks(found: Comparison) -> Iterator[str]:
    """What the lines are of; which minerals change most in how much comes from countries of concern, and who steps in.

    Nothing of results that know no United States.
    """
    if found.tables["summary"]["metric"].isin(LINES).any():
        yield TERMS
    concern, supply = (_of_the_us(found.tables[name], value) for name, value in SHARES.items())
    for words, rows, value in (
        ("Most changed, from countries of concern", concern, "share_feoc"),
        ("Suppliers that gain most", supply[supply["share_difference"] > 0], "share"),
    ):
        seen = rows[rows[f"{value}_before"].map(_told_share) != rows[f"{value}_after"].map(_told_share)]
        largest = seen.drop_duplicates("mineral").head(NAMED)
        if len(largest):
            told = ", ".join(_change(row, value) for row in largest.to_dict("records"))
            yield f"{words}, {largest['year'].iloc[0]}: {told}"


def _of_the_us(table: pd.DataFrame, value: str) -> pd.DataFrame:
    """Rows of the United States in the last year in which any differs, largest difference first."""
    rows = table[table["market"] == "USA"].dropna(subset=f"{value}_difference")
    rows = rows[rows["year"] == rows["year"].max()]
    return rows.sort_values(f"{value}_difference", key=abs, ascending=False, kind="stable")


def _change(row: dict[str, object], value: str) -> str:
    place = f"{row['stage']}, {row['country']}" if "country" in row else row["stage"]
    return f"{row['mineral']} ({place}) {_told_share(row[f'{value}_before'])} to {_told_share(row[f'{value}_after'])}"


def _told_share(share: object) -> str:
    return f"{share:.0%}"
