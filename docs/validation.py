"""The page about how far the model can be trusted, written from what its studies say: run by `make validation`.

Solves `status_quo` three times, the duties, the backcasts, the trade of 2019 and the known shocks (a quarter of an hour
on two processors) and writes docs/validation.md; no figure is typed in. Each section is a function of what its study
found.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from supplychain import read_data, run
from supplychain.facts.dataset import Dataset
from supplychain.results.result import Result
from supplychain.studies import backcast as told
from supplychain.studies import base_year as bases
from supplychain.studies import duty as duties
from supplychain.studies import outlook as ahead
from supplychain.studies import published as others
from supplychain.studies import shocks as struck
from supplychain.studies import trade as trades
from supplychain.studies.traded import TRADE_YEAR

PAGE = Path(__file__).with_name("validation.md")
GUESSES = ("no_change", "trend")
TEXT = """# How the model fares

Written by `make validation` from the commands that it names. Errors are mean absolute errors of country shares of the
world's output, or of a market's imports, in percentage points, where nothing else is said.

## The years ahead, beside the IEA's base case

`supplychain outlook results/status_quo` takes {shares} country shares of mining and refining that the IEA names
(copper, cobalt, lithium, nickel, graphite, magnet rare earths) and compares how they shift from {iea_first} to {year}
at the IEA (table `outlook`) and from {first} to {year} in `status_quo`. Neither is the truth: a difference is a
question. Refined graphite is natural and synthetic at the IEA, natural alone here.

The facts hold the IEA's base case: what it expects of a country comes on line in the model. So the agreement with it
shows mostly that the model can follow it. `supplychain outlook --withheld` solves `status_quo` without the table
`outlook` and without any capacity after the base year: there the model has its own costs, the growth that countries
have shown, and the named projects, none of them decided.

{agreement}

`nothing_moves` is the error of no shift at all, `mean_shift` how far the model's shares move. {verdict_ahead}
By line, with the IEA's years ahead known and withheld:

{ahead_lines}

{worse_ahead}

The ten shares on which the two differ most while the IEA's years are known, in percent:

{widest}

And withheld:

{widest_bare}

## Production told from an earlier year

`supplychain hindcast production` gives the model what could be known in its base year: output and history up to that
year (British Geological Survey, table `history`), no projects, no later capacity, no policy. Costs, prices and reserves
are those of the facts today. Each stage stands alone, a mineral is sold in one market, and use in each year is what the
world then made, so that only its split over countries is judged. Two guesses stand beside it: `no_change`, the shares
of the base year, and `trend`, each country's output of the base year and the {past} years before it drawn on in a
straight line, not below nil. Lines of which the source has less than half of the world (chromium and manganese alloys)
are left out. A country counts where it made 1 % of the world's output in one of the two years. Every second mineral by
name is there to choose parameters on (`choice`), the others to judge (`judgement`). The other half is no fresh test:
the model took its shape while these years were known to those who made it.

{backcasts}

{agree}

## How flat it is

Each parameter of the table `parameters` at the ends of its range, the others as they are, told from {later}:

{alone}

{flat}

{trade}

{single}

## How far a lasting duty moves trade

`make duty` lays a duty from {duty_first} on upon what the largest foreign supplier of each mineral sells the United
States, all minerals at once, and compares its tonnes with those of `status_quo`: the log change over that of the price
with the duty, after so many years (its first one counted). `published` is the elasticity of trade to tariffs over all
goods with its standard error (Boehm, Levchenko and Pandalai-Nayar, "The Long and Short (Run) of Trade Elasticities",
American Economic Review 2023). `mean` leaves out who is driven out, `median` does not, `together` is that of the mean
part left.

{duties}

{verdict_duty}

{prices}
"""
BACKCAST = """### From {base} to {judged}

{lines}

{worse}

The means over these lines, with the facts' own parameters:

{halves}

Every combination of {grid}, times the facts' own, the least error on the choice half first (`--choose`):

{tried}

{choice} With the chosen parameters:

{tuned}

{verdict}"""

TRADE = """## Trade told from {base}

`supplychain hindcast trade` gives the model who sold to whom in {base}, and from there to {year} what each country
makes and each market uses; it is to say who sells to whom in {year}. Trade is BACI's (tables `past_trade` and
`trade`), output BGS's (`history`). What is given, and how:

- Shares are of a market's imports by value, within a year a dollar being as many tonnes everywhere. Of output the same
  part crosses borders in both years, as there are no tonnes for {base}: that part, what is given of {year}, and costs,
  prices and freight of the facts today are all that the model has of later years.
- A country makes its output, that of 2023 standing for {year}, or what it sells beyond what it buys where that is more.
  Where no output of {base} at the traded stage is at hand net sales abroad alone are given (`sales`), and what is
  sold at home is left out, which makes it easier: {sales}.
- Who sells more than it makes passes on what it buys, by proportion; shares are of makers, in the model, the guesses
  and the truth alike. Output and use go in a straight line; nothing else is built.
- Gallium and germanium, whose code holds other metals too, and magnets, which hold four minerals, are left out.
- No policy acts. What a control took from everybody is in the output and sales that are given; what it took from one
  buyer came in the last months of {year}. That some buyers left Russia is not given.
- A supplier counts with 1 % of a market's imports in one of the two years, a market with 1 % of all imports in both.

Three guesses stand beside the model: `no_change`, the shares of {base}; `least_cost`, what is made brought to what is
used for the least freight, whoever bought from whom before; and `scaled`, which uses what is given without a model: the
tonnes of {base} grown as their supplier's output. Every second mineral by name is there to choose parameters on. The
other half is no fresh test: the study took its shape with both years at hand. `best` counts the lines (a mineral in a
market) on which the model is nearer than `no_change` and `least_cost`.

Every combination of {grid}, times the facts' own,
the least error over all markets of the choice half first (`--choose`):

{tried}

{choice} With the chosen parameters:

{tuned}

{verdict}

By what is given, output or net sales abroad:

{given}

{parted}

The United States, mineral by mineral, with the chosen parameters:

{usa}

{lost}

Told what is not so, with the facts' own parameters: each mineral's two largest makers of {year} in each other's place,
and the trade of {year} as the base pattern.

{mutations}"""

SINGLE = """## Beside single figures that others have published

**Without the largest refiner** (N-1), {year}: what the refineries of all other countries make in `status_quo` over what
all markets but the largest refiner's own use, beside the IEA (Global Critical Minerals Outlook 2025: graphite and rare
earths 35 to 40 %, nickel under 55, lithium and cobalt 65, copper nearly whole).

{left}

{left_said}

**Net import reliance** of the United States in the base year, percent, beside USGS (table `reliance`, means of
2021-24, both ends of a bracket), counted as USGS counts: with scrap, at the mine where it counts ore, without what
arrives inside goods. The ten furthest apart; `gap_pct` is how far the model is outside. Mean over {minerals} minerals:
{off:.1f} points.

{reliance}

`dependence.csv` has another measure of that name: of the form that leaves the last stage, with what arrives inside
goods.

**Battery cathodes through China**: part of the world's refining of their metals that is in China in the base year, the
metals of a cathode counting alike, beside Cheng et al. (Nature Communications 2024), who follow cathodes themselves.

{cathodes}

The model has no cathode plants, of which China has more than of refineries: what it counts is a lower bound.

**A total ban of China's** on gallium or germanium for one year: resource cost of that year in all markets, billion USD,
beside what USGS puts US gross domestic product to lose (Open-File Report 2024-1057).

{ban}

A supply cost is no loss of product: the model values what is given up at what users would pay for the metal, USGS at
what industries downstream could not make. Of gallium the model finds other plants and stocks; USGS lets none in.

**US imports of antimony oxide** rose from 14,000 to 39,000 t from 2023 to 2025 while China's direct sales ended. In
`export_ban` the United States buy {antimony_after:,.0f} t of antimony in 2025 where `status_quo` has
{antimony_before:,.0f}: the model has no users who buy ahead of what they fear, and its pattern is a mean of 2021-24.
A disagreement of model and world."""


PRICES = """## Prices of known shocks

`supplychain hindcast prices` takes each event of the table `events` that lost tonnes of a country and has a yearly
multiple, {events} of them, as a shock to today's facts of its mineral alone. A licence, a ban, a quota or a stop cuts
that part of the country's exports, of ore at the mine, of metal and of what is made of it at the refinery, but no more
than the tonnes that customs missed, and stays (a stop for the years that it lasted); a loss of plants leaves that much
less of their output, for as long as it lasted. It strikes in the year after the base year, and nobody knows of it
before. `model` is the highest yearly price of the first {first_years} years over that of the same year without the
shock, the mean by use of the markets but the exporter's own; `observed` is the event's yearly price over that before
it. Where no tonnes were found (`*` at the part lost) the median of the other events of the kind is taken. `no_change`
says 1. Errors are means of |log(guess / observed)|; a price with `*` is at the last step of the demand curve.

`left_out` has the parameters ({grid}, times the facts' own) that do best on the *other* shocks of the event's group
(`class` in `minerals`); a group of fewer than {least} events takes what is best on all other shocks; events of one
country and year with the same tonnes are one shock; a tie goes to the facts' own (`--choose`).

{scores}

{verdict}

{table}

Today's facts are not the world of an older event: Indonesia mines more of the world's nickel now, China makes more of
the magnets. And what a table of tonnes does not hold the model does not know: use that grew at the same time (indium
in flat screens, silicon in solar cells), fear, hoarding, smuggling, stocks that were run down. How an event is read
as a shock (that a control of metal holds for its goods, that idle plants do not fill a loss, that a stop ends, that no
more is cut than the tonnes) was settled once first figures had been seen, and so were the facts' own parameters within
what is published: `model` is no blind test, and `left_out` a half blind one. Where a price stands at the last step the
demand curve says no more than that all use ends there.

Not counted:

{apart}"""


def markdown(table: pd.DataFrame, digits: int = 2) -> str:
    """A table of the page: whole numbers as they are, others to these digits, what is missing blank."""
    rows = [[_cell(value, digits) for value in row] for row in table.itertuples(index=False)]
    lines = [list(map(str, table.columns)), ["---"] * table.shape[1], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object, digits: int) -> str:
    if isinstance(value, float):
        return "" if value != value else f"{value:.{digits}f}"
    return str(value)


def widest(table: pd.DataFrame, most: int = 10) -> pd.DataFrame:
    """The shares whose shifts differ most, in percent."""
    off = (table["model_shift"] - table["iea_shift"]).abs().sort_values(ascending=False, kind="stable")
    return ahead.spoken(table.loc[off.index[:most]]).rename(columns=lambda name: name.replace("\n", " "))


def agreements(shares: pd.DataFrame, bare: pd.DataFrame) -> pd.DataFrame:
    """The scores with the IEA's years ahead known, and withheld."""
    both = pd.concat([ahead.agreement(shares), ahead.agreement(bare)], ignore_index=True)
    return pd.concat([pd.Series(["known", "withheld"], name="the IEA's years"), both], axis=1)


def ahead_lines(shares: pd.DataFrame, bare: pd.DataFrame) -> pd.DataFrame:
    """Errors by commodity and stage: known, withheld, and of no shift at all."""
    one, two = (ahead.by_line(table).set_index([*ahead.LINE, "shares"]) for table in (shares, bare))
    table = one.rename(columns={"mean_error": "known"}).assign(withheld=two["mean_error"])
    return table[["known", "withheld", "nothing_moves"]].reset_index()


def verdict_ahead(scores: pd.DataFrame, *, known: bool = True) -> str:
    """What the scores mean, in a sentence."""
    row = scores.iloc[0]
    nearer = "nearer to the IEA than" if row["mean_error"] < row["nothing_moves"] else "no nearer to the IEA than"
    who = "The model" if known else "With the IEA's years withheld it"
    return f"{who} is {nearer} a world that stands still."


def worse_ahead(lines: pd.DataFrame) -> str:
    """The lines on which a world that stands still is as near to the IEA as the model on its own."""
    lost = lines[lines["withheld"] >= lines["nothing_moves"]]
    return f"Withheld, the model does not beat standing still on {len(lost)} of {len(lines)} lines{_named(lost)}."


def _named(lines: pd.DataFrame) -> str:
    names = [f"{row.commodity} {row.stage}" for row in lines.itertuples()]
    return f" ({', '.join(names)})".replace("magnet_rare_earths", "magnet rare earths") if names else ""


def worse_back(lines: pd.DataFrame) -> str:
    """The lines on which the model does not beat both guesses, and those on which it beats neither."""
    behind = lines[[*GUESSES]].le(lines["model"], axis=0)
    some, none = lines[behind.any(axis=1)], lines[behind.all(axis=1)]
    return (
        f"The model does not beat both guesses on {len(some)} of {len(lines)} lines{_named(some)}; it beats neither on "
        f"{len(none)}{_named(none)}."
    )


def verdict_back(halves: pd.DataFrame) -> str:
    """How the model does on the minerals that its parameters were not chosen on."""
    row = halves.set_index("half").loc[told.JUDGEMENT]
    beaten = [f"`{name}`" for name in GUESSES if row["model"] < row[name]]
    lost = [f"`{name}`" for name in GUESSES if row["model"] >= row[name]]
    named = " and of ".join(beaten) or "neither guess"
    plain = f", not below that of {' and of '.join(lost)}" if lost and beaten else ""
    return (
        "On the minerals that the parameters were not chosen on the model's mean error is below that of "
        f"{named}{plain}; on {int(row['better_than_both'])} of {int(row['lines'])} lines it is below both."
    )


@dataclass(frozen=True)
class Told:
    """A backcast from one year: lines with the facts' parameters, parameters tried, lines with those chosen."""

    base: int
    judged: int
    lines: pd.DataFrame
    tried: pd.DataFrame
    tuned: pd.DataFrame


def choice(tried: pd.DataFrame, grid: Iterable[str] = tuple(told.GRID)) -> str:
    """What was chosen, how far the others are from it, and what it brings on the other half."""
    names = [name for name in grid if name in tried]
    best, own = tried.iloc[0], tried[(tried[names] == 1.0).all(axis=1)].iloc[0]
    said = ", ".join(f"`{name}` {best[name]:.3g}" for name in names)
    which = "the facts' own" if best[names].equals(own[names]) else said
    least, most = tried[told.CHOICE].min(), tried[told.CHOICE].max()
    return (
        f"Chosen: {which}. Over the {len(tried)} combinations the error of the choice half lies between {least:.2f} "
        f"and {most:.2f}; the facts' own have {own[told.CHOICE]:.2f} there and {own[told.JUDGEMENT]:.2f} on the other "
        f"half, the chosen {best[told.JUDGEMENT]:.2f}."
    )


def agree(backcasts: tuple[Told, ...]) -> str:
    """Whether the base years choose the same, and where the chosen do better than the facts' own on the other half."""
    names = list(told.GRID)
    first = backcasts[0].tried.iloc[0][names]
    same = all(one.tried.iloc[0][names].equals(first) for one in backcasts)
    owns = [one.tried[(one.tried[names] == 1.0).all(axis=1)].iloc[0] for one in backcasts]
    pairs = zip(backcasts, owns, strict=True)
    gains = [str(one.base) for one, own in pairs if one.tried.iloc[0][told.JUDGEMENT] < own[told.JUDGEMENT]]
    said = "The base years choose the same." if same else "The base years do not choose the same."
    return f"{said} What they choose lowers the other half's error from {' and '.join(gains) or 'none of them'}."


def flat(alone: pd.DataFrame, least: float = 0.05) -> str:
    """How far any parameter alone moves the errors, and which hardly do."""
    halves = [told.CHOICE, told.JUDGEMENT]
    ends = alone.iloc[1:]
    moved = (ends[halves] - alone[halves].iloc[0]).abs().max(axis=1).groupby(ends["parameter"], sort=False).max()
    most, still = moved.idxmax(), [f"`{name}`" for name, value in moved.items() if value < least]
    said = f"No end of a range moves either half's error by more than {moved.max():.2f} points (`{most}`). "
    return said + (f"Those that move none by {least:g}: {', '.join(still)}." if still else "")


def verdict_duty(scores: pd.DataFrame) -> str:
    """How much more or less trade moves in the model than published, and whether that hangs on the size of the duty."""
    off = scores["mean"] / scores["published"]
    inside = int(((scores["mean"] - scores["published"]).abs() <= 2 * scores["error"]).sum())
    by_rate = off.groupby(scores["rate"]).mean()
    said = (
        f"{inside} of {len(scores)} means lie within two standard errors of the published; they are "
        f"{off.min():.1f} to {off.max():.1f} times those."
    )
    if len(by_rate) > 1 and by_rate.iloc[0] > by_rate.iloc[-1]:
        said += (
            " The smaller the duty the larger the elasticity: what has run out of contract goes to whoever is "
            "cheapest, however little cheaper."
        )
    return said


# Prices that hardly move are no nearer than no change.
CLEARLY = 0.05


def verdict_prices(table: pd.DataFrame) -> str:
    """Which of the guesses is nearest over all events, how often, and where each is furthest off."""
    means = {name: table[f"error_{name}"].abs().mean() for name in ("model", "left_out")}
    still = table["error_no_change"].abs()
    said = []
    for name, mean in means.items():
        near = "nearer than" if mean < still.mean() else "no nearer than"
        better = int((table[f"error_{name}"].abs() < still - CLEARLY).sum())
        means_of = f"({mean:.2f}, {still.mean():.2f})"
        said.append(f"`{name}` is {near} no change in the mean {means_of}, clearly on {better} of {len(table)} events.")
    worst = table.loc[table["error_left_out"].abs().sort_values(ascending=False, kind="stable").index[:5]]
    furthest = ", ".join(f"{row.event} ({row.left_out:.1f} for {row.observed:.1f})" for row in worst.itertuples())
    return f"{' '.join(said)} Furthest off with parameters chosen so: {furthest}."


def prices_section(table: pd.DataFrame, apart: pd.DataFrame) -> str:
    """What the page says of the prices of known shocks: `shocks` with its grid, and the events that do not count."""
    names = [name for name in struck.GRID if name in table]
    shown = struck.spoken(table).join(table[["error_model", "error_left_out", "error_no_change", *names]])
    shown.insert(1, "group", table["group"].str.replace("_", " "))
    return PRICES.format(
        events=len(table),
        first_years=struck.FIRST_YEARS,
        least=struck.LEAST_GROUP,
        grid=", ".join(f"`{name}` {', '.join(map('{:g}'.format, struck.GRID[name]))}" for name in names),
        scores=markdown(struck.scores(table)),
        verdict=verdict_prices(table),
        table=markdown(shown),
        apart=markdown(apart),
    )


@dataclass(frozen=True)
class Traded:
    """Trade told from its base year: parameters tried, lines with those chosen, and what false facts make of it."""

    tried: pd.DataFrame
    tuned: pd.DataFrame
    mutations: pd.DataFrame


@dataclass(frozen=True)
class Single:
    """Single figures beside those of others: see `supplychain.studies.published`; tonnes of antimony bought."""

    left: pd.DataFrame
    reliance: pd.DataFrame
    cathodes: pd.DataFrame
    ban: pd.DataFrame
    antimony: tuple[float, float]


@dataclass(frozen=True)
class Findings:
    """What the studies found, as the page needs it; `bare` is `shares` with the IEA's years withheld."""

    shares: pd.DataFrame
    bare: pd.DataFrame
    backcasts: tuple[Told, ...]
    alone: pd.DataFrame
    trade: Traded
    single: Single
    duty: pd.DataFrame
    prices: pd.DataFrame
    apart: pd.DataFrame
    years: dict[str, int]


def followed(known: Dataset) -> tuple[pd.DataFrame, int, Single]:
    """The shares of `status_quo` beside the IEA's, its first year, and single figures."""
    result = run(ahead.SCENARIO, known)
    first = int(result.tables["output"]["year"].min())
    bought = (_bought(result, first), _bought(run("export_ban", known), first))
    single = Single(
        others.left_without_top(result, known),
        bases.reliance(known, result).reset_index().sort_values("gap_pct", ascending=False, kind="stable"),
        others.through_china(result),
        others.ban_on_two(known),
        bought,
    )
    return ahead.outlook(result, known), first, single


def _bought(result: Result, year: int) -> float:
    """Tonnes of antimony that the United States buy."""
    table = result.tables["supply"]
    on = (table["mineral"] == "antimony") & (table["market"] == "USA") & (table["stage"] == "supply")
    return float(table.loc[on & (table["year"] == year), "tonnes"].sum())


def backcast(known: Dataset, base: int) -> Told:
    """One base year, with the facts' own parameters and with those chosen."""
    chosen, tried = told.chosen(known, told.GRID, base, told.JUDGED)
    lines, tuned = (told.errors(told.backcast(facts, base, told.JUDGED)) for facts in (known, chosen))
    return Told(base, told.JUDGED, lines, tried, tuned)


def traded(known: Dataset) -> Traded:
    """Trade told from its base year, with the parameters chosen, and the mutations with the facts' own."""
    chosen, tried = trades.chosen(known, trades.GRID)
    return Traded(tried, trades.errors(trades.trade(chosen)), trades.mutations(known))


def findings(known: Dataset) -> Findings:
    """Solves what the page tells of, on all processors."""
    with ProcessPoolExecutor(min(os.cpu_count() or 1, 5)) as pool:
        shares, bare = pool.submit(followed, known), pool.submit(ahead.unaided, known)
        back = [pool.submit(backcast, known, base) for base in (told.BASE, told.LATER_BASE)]
        ends = pool.submit(told.alone, known, told.LATER_BASE)
        taxed, sold = pool.submit(duties.duty, known), pool.submit(traded, known)
        table, first, single = shares.result()
        years = {"past": told.PAST, "later": told.LATER_BASE, "year": ahead.YEAR, "first": first}
        years |= {"iea_first": int(known["outlook"]["year"].min()), "duty_first": duties.FIRST}
        told_back = tuple(one.result() for one in back)
        done = (table, bare.result(), told_back, ends.result(), sold.result(), single)
        taxes = duties.by_horizon(taxed.result())
    # The shocks have processes of their own.
    return Findings(*done, taxes, struck.shocks(known, struck.GRID), struck.apart(known), years)


def section(found: Told) -> str:
    """What the page says of one base year."""
    halves = told.halves(found.tuned)
    return BACKCAST.format(
        base=found.base,
        judged=found.judged,
        lines=markdown(found.lines),
        worse=worse_back(found.lines),
        halves=markdown(told.halves(found.lines)),
        grid=", ".join(f"`{name}`" for name in told.GRID),
        tried=markdown(found.tried),
        choice=choice(found.tried),
        tuned=markdown(halves),
        verdict=verdict_back(halves),
    )


def trade_section(found: Traded) -> str:
    """What the page says of trade told from its base year."""
    halves, usa = trades.halves(found.tuned), found.tuned[found.tuned["market"] == trades.MARKET]
    return TRADE.format(
        base=trades.BASE,
        year=TRADE_YEAR,
        sales=_listed(list(found.tuned.loc[found.tuned["given"] == "sales", "mineral"].unique())),
        grid=", ".join(f"`{name}`" for name in trades.GRID),
        tried=markdown(found.tried),
        choice=choice(found.tried, trades.GRID),
        tuned=markdown(halves),
        verdict=verdict_trade(halves),
        given=markdown(by_given(found.tuned)),
        parted=parted_trade(by_given(found.tuned)),
        usa=markdown(usa.drop(columns=["stage", "market"])),
        lost=lost_trade(usa),
        mutations=markdown(found.mutations),
    )


def single_section(found: Single) -> str:
    """What the page says of single published figures."""
    return SINGLE.format(
        year=ahead.YEAR,
        left=markdown(found.left),
        left_said=left_said(found.left),
        minerals=len(found.reliance),
        off=found.reliance["gap_pct"].mean(),
        reliance=markdown(found.reliance.head(10)),
        cathodes=markdown(found.cathodes),
        ban=markdown(found.ban, 3),
        antimony_before=found.antimony[0],
        antimony_after=found.antimony[1],
    )


def left_said(left: pd.DataFrame) -> str:
    """How near the parts left are, and on which commodity they are furthest apart."""
    off = (left["left"] - left["iea"]).abs()
    far = left.loc[off.idxmax()]
    near = int((off <= 0.1).sum())
    return (
        f"{near} of {len(left)} are within a tenth of the IEA's; furthest is {far['commodity']} ({far['left']:.2f} "
        f"against {far['iea']:.2f}): the model's use is where a mineral goes next, and most cathodes and magnets are "
        "made in China; the IEA's is where cars and turbines are."
    )


def verdict_trade(halves: pd.DataFrame) -> str:
    """How the model does on the US imports of the minerals that its parameters were not chosen on, and elsewhere."""
    rows = halves.set_index(["market", "half"])
    said = [
        f"On the half that the parameters were not chosen on the model's mean error of US import shares is "
        f"{_beside(rows.loc[trades.MARKET, told.JUDGEMENT])}"
    ]
    for market, half, where in (
        ("all", told.JUDGEMENT, "Over all markets of that half it is"),
        (trades.MARKET, told.CHOICE, "On the half that they were chosen on, of US shares, it is"),
        (trades.MARKET, "all", "Over both halves, of US shares, it is"),
    ):
        said += [f"{where} {_beside(rows.loc[market, half])}"] if (market, half) in rows.index else []
    return " ".join(said)


def _beside(row: pd.Series) -> str:
    """The model's error beside those of the three guesses, in words."""
    errors = {name: float(row[name]) for name in ("no_change", "least_cost", "scaled")}
    below = [f"`{name}` ({value:.2f})" for name, value in errors.items() if row["model"] < value]
    above = [f"`{name}` ({value:.2f})" for name, value in errors.items() if row["model"] >= value]
    parts = [f"below that of {_listed(below)}"] if below else []
    parts += [f"not below that of {_listed(above)}"] if above else []
    return f"{row['model']:.2f}, {', '.join(parts)}."


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def by_given(rows: pd.DataFrame) -> pd.DataFrame:
    """The scores by what is given: output, or net sales abroad."""
    parts = {given: trades.halves(part) for given, part in rows.groupby("given")}
    return pd.concat(parts, names=["given"]).reset_index("given").query("half != 'all'")


def parted_trade(given: pd.DataFrame) -> str:
    """How the judged US error divides between the lines with output and those with net sales."""
    rows = given[(given["market"] == trades.MARKET) & (given["half"] == told.JUDGEMENT)]
    parts = [
        f"{row.model:.2f} beside {row.no_change:.2f} of `no_change` on those with `{row.given}`"
        for row in rows.itertuples()
    ]
    return f"So on the judged US lines the model's error is {_listed(parts)}."


def lost_trade(usa: pd.DataFrame) -> str:
    """The minerals of which standing still tells US imports better."""
    lost = usa[usa["model"] >= usa["no_change"]]
    names = f" ({', '.join(lost['mineral'])})" if len(lost) else ""
    return f"Of US imports no change is as near as the model or nearer for {len(lost)} of {len(usa)} minerals{names}."


def page(found: Findings) -> str:
    """The whole page."""
    bare = ahead.agreement(found.bare)
    lines = ahead_lines(found.shares, found.bare)
    return TEXT.format(
        **found.years,
        shares=len(found.shares),
        agreement=markdown(agreements(found.shares, found.bare)),
        verdict_ahead=f"{verdict_ahead(ahead.agreement(found.shares))} {verdict_ahead(bare, known=False)}",
        ahead_lines=markdown(lines),
        worse_ahead=worse_ahead(lines),
        widest=markdown(widest(found.shares), 1),
        widest_bare=markdown(widest(found.bare), 1),
        backcasts="\n\n".join(section(one) for one in found.backcasts),
        agree=agree(found.backcasts),
        alone=markdown(found.alone.assign(value=[f"{v:g}" if v == v else "" for v in found.alone["value"]])),
        flat=flat(found.alone),
        trade=trade_section(found.trade),
        single=single_section(found.single),
        duties=markdown(found.duty),
        verdict_duty=verdict_duty(found.duty),
        prices=prices_section(found.prices, found.apart),
    )


if __name__ == "__main__":
    PAGE.write_text(page(findings(read_data())), encoding="utf-8")
