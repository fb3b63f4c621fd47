"""The page about how far the model can be trusted, written from what its studies say: run by `make validation`.

Solves `status_quo` three times, the duties, the backcasts and the known shocks (some ten minutes on two processors) and
writes docs/validation.md; no figure is typed in.
"""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from supplychain import read_data, run
from supplychain.facts.dataset import Dataset
from supplychain.studies import backcast as told
from supplychain.studies import duty as duties
from supplychain.studies import outlook as ahead
from supplychain.studies import shocks as struck

PAGE = Path(__file__).with_name("validation.md")
GUESSES = ("no_change", "trend")
TEXT = """# How the model fares

Written by `make validation` from the commands that it names. Errors are mean absolute errors of country shares of the
world's output, in percentage points, where nothing else is said.

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

PRICES = """## Prices of known shocks

`supplychain hindcast prices` takes each event of the table `events` that lost tonnes of a country and has a yearly
multiple, {events} of them, as a shock to today's facts of its mineral alone. A licence, a ban, a quota or a stop cuts
that part of the country's exports, of ore at the mine, of metal and of what is made of it at the refinery, and stays;
a loss of plants leaves that much less of their output, for as long as it lasted. It strikes in the year after the
base year, and nobody knows of it before. `model` is the highest yearly price of the first {first_years} years over
that of the same year without the shock, the mean by use of the markets other than the exporter's own; `observed` is
the event's yearly price over that before it. Where no tonnes were found (`*` at the part lost) the median of the
other events of the kind is taken. `no_change` says 1. Errors are means of |log(guess / observed)|; a price with `*`
is at the last step of the demand curve.

`left_out` has the parameters ({grid}, times the facts' own) that do best on the *other* shocks of the event's group
(`class` in `minerals`); a group of fewer than {least} events takes what is best on all other shocks; events of one
country and year with the same tonnes are one shock; a tie goes to the facts' own (`--choose`).

{scores}

{verdict}

{table}

Today's facts are not the world of an older event: Indonesia mines more of the world's nickel now, China makes more of
the magnets. And what a table of tonnes does not hold the model does not know: use that grew at the same time (indium
in flat screens, silicon in solar cells), fear, hoarding, smuggling, stocks that were run down. How an event is read
as a shock (that a control of metal holds for its goods, that idle plants do not fill a loss, whose the flow was) was
settled once first figures had been seen, so `model` is no blind test; and the ends of the grid lie far outside the
range that the facts give these elasticities: where they are chosen they stand for what is missing.

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


def choice(tried: pd.DataFrame) -> str:
    """What was chosen, how far the others are from it, and what it brings on the other half."""
    names = [name for name in told.GRID if name in tried]
    best, own = tried.iloc[0], tried[(tried[names] == 1.0).all(axis=1)].iloc[0]
    said = ", ".join(f"`{name}` {best[name]:g}" for name in names)
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
class Findings:
    """What the studies found, as the page needs it; `bare` is `shares` with the IEA's years withheld."""

    shares: pd.DataFrame
    bare: pd.DataFrame
    backcasts: tuple[Told, ...]
    alone: pd.DataFrame
    duty: pd.DataFrame
    prices: pd.DataFrame
    apart: pd.DataFrame
    years: dict[str, int]


def followed(known: Dataset) -> tuple[pd.DataFrame, int]:
    """The shares of `status_quo` beside the IEA's, and its first year."""
    result = run(ahead.SCENARIO, known)
    return ahead.outlook(result, known), int(result.tables["output"]["year"].min())


def backcast(known: Dataset, base: int) -> Told:
    """One base year, with the facts' own parameters and with those chosen."""
    chosen, tried = told.chosen(known, told.GRID, base, told.JUDGED)
    lines, tuned = (told.errors(told.backcast(facts, base, told.JUDGED)) for facts in (known, chosen))
    return Told(base, told.JUDGED, lines, tried, tuned)


def findings(known: Dataset) -> Findings:
    """Solves what the page tells of, on all processors."""
    with ProcessPoolExecutor(min(os.cpu_count() or 1, 5)) as pool:
        shares, bare = pool.submit(followed, known), pool.submit(ahead.unaided, known)
        back = [pool.submit(backcast, known, base) for base in (told.BASE, told.LATER_BASE)]
        ends = pool.submit(told.alone, known, told.LATER_BASE)
        taxed = pool.submit(duties.duty, known)
        table, first = shares.result()
        years = {"past": told.PAST, "later": told.LATER_BASE, "year": ahead.YEAR, "first": first}
        years |= {"iea_first": int(known["outlook"]["year"].min()), "duty_first": duties.FIRST}
        told_back = tuple(one.result() for one in back)
        done = (table, bare.result(), told_back, ends.result(), duties.by_horizon(taxed.result()))
    # The shocks have processes of their own.
    return Findings(*done, struck.shocks(known, struck.GRID), struck.apart(known), years)


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
        duties=markdown(found.duty),
        verdict_duty=verdict_duty(found.duty),
        prices=prices_section(found.prices, found.apart),
    )


if __name__ == "__main__":
    PAGE.write_text(page(findings(read_data())), encoding="utf-8")
