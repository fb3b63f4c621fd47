"""A result in ten lines of plain text: what `print` shows."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from supplychain.results.result import Result

WIDTH, MOST_LINES = 80, 10
LARGE = 1000  # from here on without decimals
INDENT = " " * 8
SHARES = {"top_share": "largest supplier", "share_feoc": "of concern", "share_central_asia": "Central Asia"}
PARTS = {"resource_cost": "resources {}", "rents": "rents {}", "transfers": "transfers {} (million USD)"}
BILLS = {
    "us_bill": "US bill {}",
    "public_spending": "public spending {}",
    "switching": "switching {} (million USD)",
}
LOST = {
    "us_forgone": "use worth {} million USD",
    "us_minerals_short": "{} minerals short",
    "vehicles_lost": "{} vehicles",
    "gw_lost": "{} GW",
}


def in_short(result: Result) -> str:
    """Title, cost, certificate, headline figures and tables: at most ten lines of 80 columns.

    Figures that a result does not have, because its data are of other money or know no United States, are left out.
    """
    tables = ", ".join(name for name, table in result.tables.items() if len(table))
    lines = [
        textwrap.shorten(f"{result.name}: {result.title}", WIDTH, placeholder=" ..."),
        f"cost    {result.cost_in_words()}",
        f"proof   {certificate(result)}",
        *_headlines(result),
    ]
    room = MOST_LINES - len(lines)
    words = f"tables  {tables or 'none'}"
    return "\n".join([*lines, *textwrap.wrap(words, WIDTH, subsequent_indent=INDENT, max_lines=room)])


def certificate(result: Result) -> str:
    """What the solver proved: status, gap, residuals, and how well each mineral's balance closes."""
    about = result.manifest
    worst = max((float(value) for value in about.get("mass_balance", {}).values()), default=0.0)
    residual = max(about.get("primal_residual", 0.0), about.get("dual_residual", 0.0))
    status = about.get("status", "no status")
    return f"{status}, gap {about.get('gap', 0.0):.0e}, residuals {residual:.0e}, mass closes to {worst:.0e}"


def spoken(value: float, unit: str = "") -> str:
    """A figure for the eye: a share in per cent, a large amount without decimals."""
    if unit == "1":
        return f"{value:.1%}"
    return f"{value:,.0f}" if abs(value) >= LARGE else f"{value:.4g}"


def _headlines(result: Result) -> Iterator[str]:
    summary = result.tables.get("summary", pd.DataFrame({"metric": [], "value": []}))
    values = dict(zip(summary["metric"], summary["value"], strict=True))
    last = result.manifest.get("scenario", {}).get("resolved", {}).get("horizon", {}).get("to")
    where = f"(US, {last})" if last else "(US)"
    shares = [f"{words} {values[metric]:.1%}" for metric, words in SHARES.items() if metric in values]
    if shares:
        yield "shares  " + ", ".join(shares) + f" {where}"
    for what, told in (("of it", PARTS), ("money", BILLS), ("lost", LOST)):
        amounts = [words.format(spoken(values[metric])) for metric, words in told.items() if metric in values]
        if amounts:
            yield textwrap.shorten(f"{what:<8}".replace(" ", "\0") + ", ".join(amounts), WIDTH).replace("\0", " ")


def joined(parts: Sequence[str]) -> str:
    """A list in a sentence: commas, and `and` before the last."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)
