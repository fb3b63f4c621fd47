"""The page about how far the model can be trusted, written from what its studies say: run by `make validation`.

Solves `status_quo` and the backcasts (about two minutes) and writes docs/validation.md; no figure is typed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from supplychain import read_data, run
from supplychain.facts.dataset import Dataset
from supplychain.studies import backcast as told
from supplychain.studies import outlook as ahead

PAGE = Path(__file__).with_name("validation.md")
TEXT = """# How the model fares

Written by `make validation` from the commands that it names. All errors are mean absolute errors of country shares of
the world's output, in percentage points.

## The years ahead, beside the IEA's base case

`supplychain outlook results/status_quo` takes {shares} country shares of mining and refining that the IEA names
(copper, cobalt, lithium, nickel, graphite, magnet rare earths) and compares how they shift from {iea_first} to {year}
at the IEA (table `outlook`) and from {first} to {year} in `status_quo`. Neither is the truth: a difference is a
question. Refined graphite is natural and synthetic at the IEA, natural alone here.

{agreement}

`nothing_moves` is the error of no shift at all, `mean_shift` how far the model's shares move. {verdict_ahead}
The ten shares on which the two differ most, in percent:

{widest}

## Production told from {base}

`supplychain hindcast production` gives the model what could be known in {base}: output and history up to that year
(British Geological Survey, table `history`), no projects, no later capacity, no policy. Costs, prices and reserves are
those of the facts today. Each stage stands alone, a mineral is sold in one market, and use in each year is what the
world then made, so that only its split over countries is judged. Two guesses stand beside it: `no_change`, the shares
of {base}, and `trend`, each country's output from {past} to {base} drawn on in a straight line, not below nil. Lines
of which the source has less than half of the world (chromium and manganese alloys) are left out. A country counts
where it made 1 % of the world's output in {base} or {judged}. Every second mineral by name is there to choose
parameters on, the others to judge.

{lines}

The means over these lines, with the facts' own parameters:

{halves}

With the parameters that have the least error on the first half (`--choose`), times the facts' own {chosen}:

{tuned}

{verdict_back}
"""


def markdown(table: pd.DataFrame, digits: int = 2) -> str:
    """A table of the page: whole numbers as they are, others to these digits."""
    rows = [[_cell(value, digits) for value in row] for row in table.itertuples(index=False)]
    lines = [list(map(str, table.columns)), ["---"] * table.shape[1], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object, digits: int) -> str:
    return f"{value:.{digits}f}" if isinstance(value, float) else str(value)


def widest(table: pd.DataFrame, most: int = 10) -> pd.DataFrame:
    """The shares whose shifts differ most, in percent."""
    off = (table["model_shift"] - table["iea_shift"]).abs().sort_values(ascending=False, kind="stable")
    return ahead.spoken(table.loc[off.index[:most]]).rename(columns=lambda name: name.replace("\n", " "))


def verdict_ahead(scores: pd.DataFrame) -> str:
    """What the scores mean, in a sentence."""
    row = scores.iloc[0]
    nearer = "nearer to the IEA than" if row["mean_error"] < row["nothing_moves"] else "no nearer to the IEA than"
    return f"The model is {nearer} a world that stands still."


def verdict_back(halves: pd.DataFrame) -> str:
    """How the model does on the minerals that its parameters were not chosen on."""
    row = halves.set_index("half").loc[told.JUDGEMENT]
    beaten = [f"`{name}`" for name in ("no_change", "trend") if row["model"] < row[name]]
    named = " and of ".join(beaten) or "neither guess"
    return (
        "On the minerals that the parameters were not chosen on the model's mean error is below that of "
        f"{named}; on {int(row['better_than_both'])} of {int(row['lines'])} lines it is below both."
    )


@dataclass(frozen=True)
class Findings:
    """What the studies found, as the page needs it."""

    shares: pd.DataFrame
    lines: pd.DataFrame
    tried: pd.DataFrame
    tuned: pd.DataFrame
    years: dict[str, int]


def findings(known: Dataset) -> Findings:
    """Solves what the page tells of."""
    result = run("status_quo", known)
    chosen, tried = told.chosen(known, told.GRID)
    years = {
        **{"base": told.BASE, "judged": told.JUDGED, "past": told.BASE - told.PAST, "year": ahead.YEAR},
        **{"iea_first": int(known["outlook"]["year"].min()), "first": int(result.tables["output"]["year"].min())},
    }
    lines, tuned = (told.errors(told.backcast(facts)) for facts in (known, chosen))
    return Findings(ahead.outlook(result, known), lines, tried, tuned, years)


def page(found: Findings) -> str:
    """The whole page."""
    scores, halves = ahead.agreement(found.shares), told.halves(found.tuned)
    best = found.tried.loc[0, list(told.GRID)]
    return TEXT.format(
        **found.years,
        shares=len(found.shares),
        agreement=markdown(scores),
        verdict_ahead=verdict_ahead(scores),
        widest=markdown(widest(found.shares), 1),
        lines=markdown(found.lines),
        halves=markdown(told.halves(found.lines)),
        chosen=", ".join(f"`{name}` {value:g}" for name, value in best.items()),
        tuned=markdown(halves),
        verdict_back=verdict_back(halves),
    )


if __name__ == "__main__":
    PAGE.write_text(page(findings(read_data())), encoding="utf-8")
