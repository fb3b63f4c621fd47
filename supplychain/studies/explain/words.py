"""Explanations in sentences."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from supplychain.facts.dataset import Dataset
from supplychain.studies.explain.settings import SHARES

WIDTH = 80
NEXT = 10  # sources that are told
FACTS = 5  # facts that are told
DIFFERS = 0.0005  # shares that differ by less are told as one
POLICIES, ENTRY, UNIQUE, DRIVERS, CONFLICT = (
    "What each policy costs at the margin",
    "Who would enter next",
    "Whether the plan is the only one",
    "Which facts carry the cost",
    "Why there is no plan",
)
HEADLINES = {"share_feoc": "countries of concern", "share_central_asia": "Central Asia"}


def sentences(tables: Mapping[str, pd.DataFrame], known: Dataset) -> pd.DataFrame:
    """section, sentence: what the tables of an explanation say."""
    minerals = known["minerals"].set_index("mineral")["name"]
    countries = known["countries"].set_index("country")["name"]
    parts = {
        POLICIES: [_policy(row) for row in tables["policy_prices"].to_dict("records")],
        ENTRY: list(_entries(tables["entry"], minerals, countries)),
        UNIQUE: list(_unique(tables["ranges"], tables["headline_ranges"], minerals)),
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


def _policy(row: Mapping[str, object]) -> str:
    """`cap` (supplier_cap, share 0.4 to 1): a percentage point more saves 12 million USD, ..."""
    more, less, unit = row["more_usd"], row["less_usd"], str(row["unit"])
    about = f"{row['policy']} ({row['kind']}, {row['setting']} {_asked(row)})"
    if more == 0 and less == 0:
        return f"{about} does not bind: one {unit} more or less of it changes no cost."
    held = f"{_reaching(row['more_holds'], unit)} and {_reaching(row['less_holds'], unit)}"
    told = f"one {unit} more {_effect(more)}, one less {_effect(less)}; that holds for {held}"
    return f"{about}: {told}."


def _asked(row: Mapping[str, object]) -> str:
    low, high = float(row["asked_least"]), float(row["asked_most"])  # type: ignore[arg-type]
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def _effect(usd: object) -> str:
    value = float(usd)  # type: ignore[arg-type]
    if np.isnan(value):
        return "leaves no plan"
    return "changes no cost" if value == 0 else f"{'costs' if value > 0 else 'saves'} {money(abs(value))}"


def _reaching(units: object, unit: str) -> str:
    """`0.5 percentage points of share`, `any step`."""
    value = float(units)  # type: ignore[arg-type]
    noun, of, rest = unit.partition(" of ")
    several = noun if noun in ("USD", "percent") else noun.replace("tonne ", "tonnes ") if " a " in noun else noun + "s"
    return "any step" if np.isinf(value) else f"{value:.3g} {several}{of}{rest}"


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
    waiting = waiting[waiting["part"] > 0].sort_values("part", kind="stable").head(NEXT)
    for row in waiting.itertuples():
        what = row.name or ("growth" if row.site else "what stands")
        where = f"{minerals[row.mineral].lower()} ({row.stage}), {countries[row.country]}"
        more = "" if row.use == "none" else "more of it "
        yield (
            f"{what}, {where}: {more}enters in {row.year} at {row.entry_cost_usd_per_t:,.0f} USD/t instead of "
            f"{row.cost_usd_per_t:,.0f} ({row.part:.1%} less)."
        )


def _unique(ranges: pd.DataFrame, headlines: pd.DataFrame, minerals: pd.Series) -> Iterator[str]:
    several = ranges[~ranges["unique"]]
    if ranges.empty:
        return
    if several.empty:
        yield "No share of any country could differ in a plan as cheap: the plan is the only one as far as they go."
        return
    of = f"{len(several)} of {len(ranges)} places in the chains"
    yield f"The plan is not the only one: at {of} (a mineral, a stage) some country's share could differ at no cost."
    for row in headlines.itertuples():
        yield f"{HEADLINES.get(row.metric, row.metric)}: {_span(row.value, row.low, row.high)} of the average mineral."
    wide = several.assign(width=several["hhi_high"] - several["hhi_low"]).sort_values("width", ascending=False)
    for row in wide.head(3).itertuples():
        yield (
            f"{minerals[row.mineral]} ({row.stage}): concentration (HHI) {row.hhi:.3f}, at least {row.hhi_low:.3f} and "
            f"at most {row.hhi_high:.3f} in a plan as cheap."
        )


def _span(value: float, low: float, high: float) -> str:
    if high - low < DIFFERS:
        return f"{value:.1%} in all plans as cheap"
    return f"{value:.2%}, between {low:.2%} and {high:.2%} in plans as cheap"


def _drivers(table: pd.DataFrame) -> Iterator[str]:
    if table.empty:
        return
    for row in table.head(FACTS).itertuples():
        basis = "an estimate" if row.estimate else row.source
        about = f"{row.table} of {row.row} ({row.column} {row.value:g}, {basis})"
        yield f"{about}: 1 % more of it, {row.elasticity:+.3f} % of the cost."
    guessed = int((table["estimate"] != "").sum())
    yield f"Of the {len(table)} facts that the cost hangs on most, {guessed} are estimates."


def of_conflict(clashes: pd.DataFrame, why: str) -> pd.DataFrame:
    """section, sentence: which policies clash, and what change of each alone would do."""
    told = [why[:1].upper() + why[1:] + "."]
    if clashes.empty:
        told.append("No policy's limit is a part of the conflict: the facts alone leave no plan.")
    else:
        told.append(_together(clashes))
    return pd.DataFrame({"section": CONFLICT, "sentence": told})


def _together(clashes: pd.DataFrame) -> str:
    rows = clashes.to_dict("records")
    named = [f"{row['policy']} ({row['file']}:{row['line']}), {row['setting']} {_asked(row)}" for row in rows]
    verb = "cannot hold" if len(rows) == 1 else "cannot both hold" if len(rows) == 2 else "cannot all hold"
    would = [_would_do(row) for row in rows if not np.isnan(row["change"])]
    mend = f"; {' or '.join(would)} would do" if would else "; no change of one of them alone would do"
    return f"{_and(named)} {verb}{mend}."


def _would_do(row: Mapping[str, object]) -> str:
    """The new setting, to as many digits as it takes to be enough."""
    low, high = float(row["would_do_least"]), float(row["would_do_most"])  # type: ignore[arg-type]
    up = float(row["change"]) > 0  # type: ignore[arg-type]
    told = " to ".join(dict.fromkeys(enough(value, up) for value in (low, high)))
    spoken = " to ".join(dict.fromkeys(f"{100 * value:.2f}" for value in (low, high)))
    points = f" ({spoken} %)" if row["setting"] in SHARES else ""
    return f"{row['setting']} {told}{points} of {row['policy']}"


def enough(value: float, up: bool, digits: int = 7) -> str:
    """A number rounded up, or down, to so many significant digits."""
    if value == 0 or not np.isfinite(value):
        return f"{value:g}"
    size = 10.0 ** (np.floor(np.log10(abs(value))) - digits + 1)
    return f"{(np.ceil(value / size - 1e-9) if up else np.floor(value / size + 1e-9)) * size:.{digits}g}"


def _and(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)
