"""Explanations in sentences."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from supplychain.facts.dataset import Dataset
from supplychain.results.short import joined
from supplychain.scenario.policies.base import POINT

WIDTH = 80
NEXT = 10  # sources that are told
NEARLY = 1e-4  # of its cost: what needs less runs at the margin already
WIDEST = 5  # shares that are told
FACTS = 5  # facts that are told
DIFFERS = 0.0005  # shares that differ by less are told as one
POLICIES, ENTRY, UNIQUE, DRIVERS, CONFLICT = (
    "What each policy costs at the margin",
    "Who would enter next",
    "Whether the plan is the only one",
    "Which facts carry the cost",
    "Why there is no plan",
)
NO_CHANGE = "; no change of a number of one of them alone would do: drop one"
HEADLINES = {"share_feoc": "countries of concern", "share_central_asia": "Central Asia"}


def sentences(tables: Mapping[str, pd.DataFrame], known: Dataset, news: Sequence[int] = ()) -> pd.DataFrame:
    """section, sentence: what the tables of an explanation say. `news` are the years in which some came."""
    minerals = known["minerals"].set_index("mineral")["name"]
    countries = known["countries"].set_index("country")["name"]
    parts = {
        POLICIES: [*_since(news), *(_policy(row) for row in tables["policy_prices"].to_dict("records"))],
        ENTRY: list(_entries(tables["entry"], minerals, countries)),
        UNIQUE: list(_unique(tables, minerals, countries)),
        DRIVERS: list(_drivers(tables["drivers"])),
    }
    rows = [(section, sentence) for section, told in parts.items() for sentence in told or ["Nothing to tell."]]
    return pd.DataFrame(rows, columns=["section", "sentence"])


def in_lines(table: pd.DataFrame) -> Iterator[str]:
    """The sentences under their sections, in lines of 80 columns."""
    for section, group in table.groupby("section", sort=False)["sentence"]:
        yield ""
        yield section
        for sentence in group:
            yield from textwrap.wrap(sentence, WIDTH, initial_indent="- ", subsequent_indent="  ")


def _since(news: Sequence[int]) -> list[str]:
    """What prices of a scenario with news are prices of."""
    if not news:
        return []
    return [f"As from {news[-1]} on, when the last news came: what was decided before, and what it cost, stays."]


def _policy(row: Mapping[str, object]) -> str:
    """`cap` (supplier_cap, share 0.4 to 1): more of it saves at the rate of 12 million USD a percentage point ..."""
    about = f"{row['policy']} ({row['kind']}, {row['setting']} {_asked(row)})"
    if row["more_usd"] == 0 and row["less_usd"] == 0:
        return f"{about} does not bind: {_held(row, 'more')} and {_held(row, 'less')} change no cost."
    return f"{about}: {_side(row, 'more')}; {_side(row, 'less')}."


def _side(row: Mapping[str, object], way: str) -> str:
    """What more, or less, of a limit costs, and how far that holds."""
    usd, holds, unit = _number(row[f"{way}_usd"]), _number(row[f"{way}_holds"]), str(row["unit"])
    if np.isnan(usd):
        return f"{way} of it leaves no plan" if holds == 0 else f"it cannot be {way}"
    if usd == 0:
        return f"{_held(row, way)} changes no cost"
    verb = "costs" if usd > 0 else "saves"
    return f"{way} of it {verb} at the rate of {money(abs(usd))} a {unit}, for {_reaching(holds, unit)}"


def _held(row: Mapping[str, object], way: str) -> str:
    """`up to 3 percentage points less of it`."""
    holds = _number(row[f"{way}_holds"])
    return f"{way} of it" if np.isinf(holds) else f"up to {_reaching(holds, str(row['unit']))} {way} of it"


def _number(value: object) -> float:
    return float(value)  # type: ignore[arg-type]


def _asked(row: Mapping[str, object]) -> str:
    low, high = _number(row["asked_least"]), _number(row["asked_most"])
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def _reaching(units: float, unit: str) -> str:
    """`0.5 percentage points of scrap`, `any step`."""
    noun, of, rest = unit.partition(" of ")
    several = noun if noun in ("USD", "percent") else noun.replace("tonne ", "tonnes ") if " a " in noun else noun + "s"
    return "any step" if np.isinf(units) else f"{units:,.3g} {several}{of}{rest}"


def money(usd: float) -> str:
    """USD in words, to three significant digits."""
    for size, name in ((1e9, "billion "), (1e6, "million ")):
        if abs(usd) >= size:
            return f"{float(f'{usd / size:.3g}'):g} {name}USD"
    return f"{float(f'{usd:.3g}'):,g} USD"


def _entries(table: pd.DataFrame, minerals: pd.Series, countries: pd.Series) -> Iterator[str]:
    """The sources that are nearest to being used, or used more."""
    waiting = table[table["use"].isin(["none", "part"]) & (table["cost_usd_per_t"] > 0)]
    waiting = waiting.assign(part=waiting["fall_usd_per_t"] / waiting["cost_usd_per_t"])
    waiting = waiting[waiting["part"] > NEARLY].sort_values("part", kind="stable").head(NEXT)
    for row in waiting.itertuples():
        what = row.name or ("growth of what stands" if row.site else "what stands")
        where = f"{minerals[row.mineral].lower()} ({row.stage}), {countries[row.country]}"
        enters = "enters" if row.use == "none" else "has more to do"
        yield (
            f"{what}, {where}: {enters}, in {row.year} first, if a tonne costs {row.entry_cost_usd_per_t:,.0f} USD "
            f"instead of {row.cost_usd_per_t:,.0f} ({row.part:.1%} less) in all years."
        )


def _unique(tables: Mapping[str, pd.DataFrame], minerals: pd.Series, countries: pd.Series) -> Iterator[str]:
    ranges, shares = tables["ranges"], tables["country_ranges"]
    if ranges.empty:
        return
    several = int((~ranges["unique"]).sum())
    if not several:
        yield "No share of any country could differ in a plan as cheap: the plan is the only one as far as they go."
    else:
        places = "places (a mineral at a stage in a market)"
        yield f"The plan is not the only one: at {several} of {len(ranges)} {places} some country's share could differ."
    for row in tables["headline_ranges"].itertuples():
        if row.high > 0:
            yield f"{HEADLINES.get(row.metric, row.metric)}: {_span(row.value, row.low, row.high)} of the mean mineral."
    wide = shares.assign(width=shares["high"] - shares["low"]).sort_values("width", ascending=False, kind="stable")
    for row in wide[wide["width"] > DIFFERS].head(WIDEST).itertuples():
        where = f"{minerals[row.mineral].lower()} ({row.stage}, {row.market})"
        yield f"{countries.get(row.country, row.country)}, {where}: {_span(row.share, row.low, row.high)}."


def _span(value: float, low: float, high: float) -> str:
    if high - low < DIFFERS:
        return f"{value:.1%} in all plans as cheap"
    return f"{value:.2%}, between {low:.2%} and {high:.2%} in plans as cheap"


def _drivers(table: pd.DataFrame) -> Iterator[str]:
    if table.empty:
        return
    for row in table.head(FACTS).itertuples():
        basis = "an estimate" if row.estimate else row.source
        about = f"{row.table} of {row.row} ({row.column} {row.value:,.6g}, {basis})"
        yield f"{about}: 1 % more of it, {row.elasticity:+.3f} % of the cost."
    guessed = int((table["estimate"] != "").sum())
    yield f"Of the {len(table)} facts that the cost hangs on most, {guessed} are estimates."


def of_conflict(clashes: pd.DataFrame, why: str) -> pd.DataFrame:
    """section, sentence: which policies clash, and what change of each alone would do."""
    told = [why[:1].upper() + why[1:] + "."]
    if clashes.empty:
        told.append("No policy is a part of the conflict: the facts alone leave no plan.")
    else:
        told.append(_together(clashes))
    return pd.DataFrame({"section": CONFLICT, "sentence": told})


def _together(clashes: pd.DataFrame) -> str:
    rows = clashes.to_dict("records")
    named = [f"{row['policy']} ({row['file']}:{row['line']}){_set(row)}" for row in rows]
    verb = "cannot hold" if len(rows) == 1 else "cannot both hold" if len(rows) == 2 else "cannot all hold"
    would = [_would_do(row) for row in rows if not np.isnan(row["change"])]
    mend = f"; {' or '.join(would)} would do" if would else NO_CHANGE
    return f"{joined(named)} {verb}{mend}."


def _set(row: Mapping[str, object]) -> str:
    return f", {row['setting']} {_asked(row)}" if row["setting"] else ""


def _would_do(row: Mapping[str, object]) -> str:
    """The new setting, to as many digits as it takes to be enough."""
    up = _number(row["change"]) > 0
    ends = dict.fromkeys((_number(row["would_do_least"]), _number(row["would_do_most"])))
    told = " to ".join(enough(value, up) for value in ends)
    spoken = " to ".join(enough(100 * value, up) for value in ends)
    in_percent = f" ({spoken} %)" if str(row["unit"]).startswith(POINT.name) else ""
    return f"{row['setting']} {told}{in_percent} of {row['policy']}"


def enough(value: float, up: bool, digits: int = 7) -> str:
    """A number rounded up, or down, to so many significant digits."""
    if value == 0 or not np.isfinite(value):
        return f"{value:g}"
    size = 10.0 ** (np.floor(np.log10(abs(value))) - digits + 1)
    return f"{(np.ceil(value / size - 1e-9) if up else np.floor(value / size + 1e-9)) * size:.{digits}g}"
