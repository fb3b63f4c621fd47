"""The one style sheet: fonts, colours, titles, legends, source lines, and the same colour for a country everywhere."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, wraps
from importlib.resources import files
from typing import Any, Literal, ParamSpec, TypeVar

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation
from scipy.optimize import isotonic_regression

from supplychain.facts.dataset import OTHER

Inputs = ParamSpec("Inputs")
Output = TypeVar("Output")

INK = "#222222"
QUIET = "#595959"
STYLE: dict[Any, Any] = {
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": "#888888",
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.axisbelow": True,
    "grid.color": "#E4E4E4",
    "legend.fontsize": 8,
    "figure.facecolor": "white",
    "figure.constrained_layout.h_pad": 0.06,
    "figure.constrained_layout.w_pad": 0.06,
    "savefig.dpi": 130,
    "svg.fonttype": "none",
}

# Found by search: any two stay apart for readers with normal, protan, deutan and tritan vision (simulated after
# Machado, Oliveira and Fernandes, 2009); the ones that meet most often stay furthest apart. tests/test_plots.py checks.
COLOURS = {
    "CHN": "#C3300C",
    "USA": "#3F5FBB",
    "KAZ": "#0598A1",
    "CAN": "#EB970C",
    "RUS": "#730075",
    "JPN": "#A474F7",
    "CHL": "#D26E01",
    "AUS": "#FDC26B",
    "BRA": "#CCE4FF",
    "ZAF": "#76576D",
    "UZB": "#43C1BA",
    "KGZ": "#82FFBA",
    "TJK": "#263604",
    "TKM": "#6C8567",
    "PER": "#F6E614",
    "IDN": "#C4A27B",
    "KOR": "#CBBBFE",
    "DEU": "#0B33A7",
    "MEX": "#8ADAB5",
    "COD": "#4E0848",
    "MYS": "#A79EFF",
    "IND": "#544143",
}
OTHERS = "#BDBDBD"
REST = "#E6E6E6"
# Countries without a colour of their own are told apart by their names; neighbours differ by shade.
GREYS = ("#B5B5B5", "#969696", "#C9C4BC", "#7D7D7D", "#A8A29A")
# Okabe and Ito's palette, made for colour-blind readers.
CORRIDORS = {
    "sea": "#0072B2",
    "middle": "#009E73",
    "northern": "#D55E00",
    "eastern": "#E69F00",
    "southern": "#CC79A7",
    "air": "#56B4E9",
    "land": "#6B4200",
    "domestic": "#8C8C8C",
}
# What a thing means has one colour too, in every figure: dearer, cheaper, use given up.
DEARER, CHEAPER, GIVEN_UP = "#D55E00", "#0072B2", "#8E1B4B"
CENTRAL_ASIA = ("KAZ", "UZB", "KGZ", "TJK", "TKM")
# A text in the midst of the drawing: it takes no room outside, so the layout need not measure it.
INSIDE: dict[str, Any] = {"ha": "center", "va": "center", "in_layout": False}
SOURCE = "Source: supplychain; facts of USGS, IEA, EU, BGS, BACI and others (sources table)."
SOLD = "refine"
LEGEND_ROW, LINE = 12.4, 10.8  # points
NOTHING = "nothing"


def styled(draw: Callable[Inputs, Output]) -> Callable[Inputs, Output]:
    """Makes a function draw under the style sheet, and leaves the caller's settings as they were."""

    @wraps(draw)
    def under_style(*args: Inputs.args, **kwargs: Inputs.kwargs) -> Output:
        # A context in which the backend is settled puts `interactive` back, and a notebook then shows nothing.
        matplotlib.get_backend()
        with matplotlib.rc_context(STYLE):
            return draw(*args, **kwargs)

    return under_style


def new_figure(width: float, height: float, layout: Literal["constrained"] | None = "constrained") -> Figure:
    """An empty figure, inches: one of pyplot's in a notebook, so that it is shown there; else one of its own."""
    if "ipykernel" in sys.modules:
        from matplotlib import pyplot

        return pyplot.figure(figsize=(width, height), layout=layout)
    return Figure(figsize=(width, height), layout=layout)


def axes(ax: Axes | None, width: float = 6.6, height: float = 4.2) -> Axes:
    """The Axes given, or those of a new figure of that size in inches."""
    return new_figure(width, height).add_subplot() if ax is None else ax


def figure_of(ax: Axes) -> Figure:
    """The figure in which Axes stand."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    return figure


def colour(country: str) -> str:
    """The colour that a country has in every figure; a grey for those without one of their own."""
    if country in ("other", OTHER):
        return REST
    return COLOURS.get(country) or GREYS[sum((i + 1) * ord(letter) for i, letter in enumerate(country)) % len(GREYS)]


def ink(background: str) -> str:
    """Black or white, whichever is read more easily on a background (WCAG relative luminance)."""
    light = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(background)]
    return INK if 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2] > 0.25 else "white"


@cache
def places() -> pd.DataFrame:
    """Where countries and markets stand: name, longitude, latitude (degrees), by id; see world/README.md."""
    with (files("supplychain.show.figures") / "world" / "places.csv").open(encoding="utf-8") as file:
        return (
            pd.read_csv(file, keep_default_na=False).set_index("place").astype({"longitude": float, "latitude": float})
        )


def country_name(code: str) -> str:
    """Short English name of a country or market; the id itself where it has none."""
    names = places()["name"]
    if code == "other":
        return "All others"
    return str(names[code]) if code in names.index else spoken(code) if code.islower() else code


def spoken(name: str) -> str:
    """An id as words: `rare_earths` is Rare earths."""
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def place(stage: str) -> str:
    """The noun for where a stage happens."""
    return {"mine": "mine", "refine": "refinery", "fabricate": "factory"}.get(stage, "last supplier")


def done(stage: str) -> str:
    """What has happened there: mined, refined, made, bought."""
    return {"mine": "mined", "refine": "refined", "fabricate": "made"}.get(stage, "bought")


def market_name(market: str) -> str:
    """A market as it reads inside a sentence."""
    return {"USA": "US", "CHN": "Chinese", "EU": "EU", "JPK": "Japanese and Korean"}.get(market, f"{market} market's")


def tonnes(amount: float) -> str:
    """Tonnes for a label, three figures: 4,210 t, 12.3 kt, 1.25 Mt."""
    for size, unit in ((1e6, "Mt"), (1e4, "kt")):
        if abs(amount) >= size:
            return f"{amount / (1e6 if unit == 'Mt' else 1e3):.3g} {unit}"
    return f"{amount:,.0f} t" if abs(amount) >= 100 else f"{amount:.2g} t"


@dataclass(frozen=True)
class Form:
    """The form of a figure.

    Attributes
    ----------
    width : inches. head : inches for the more lines of its head. label : letters of a row's name in one line.
    years : of a heat map, side by side at most. place : what a country is called where many stand side by side.
    """

    width: float
    head: float
    label: int
    years: int
    place: Callable[[str], str]


WIDE = Form(6.6, 0.0, 40, 40, country_name)
PORTRAIT = Form(3.0, 0.9, 17, 6, str)  # on a telephone of 390 pixels its letters are as large as the page's


def head_lines(takeaway: str, description: str, scenario: str, width: float) -> tuple[str, str]:
    """The two parts of a head, wrapped to a width in inches: what is to be seen; what is drawn, of which scenario."""
    whole = f"{description}. Scenario: {scenario}" if scenario else description
    return textwrap.fill(takeaway, int(10.2 * width)), textwrap.fill(whole, int(16.5 * width))


def headed(ax: Axes, takeaway: str, description: str, legend_columns: int = 0, scenario: str = "") -> Axes:
    """The head of a figure, a legend between it and the drawing, and the source line.

    Parameters
    ----------
    takeaway : what is to be seen, one sentence. description : what is drawn, with its unit.
    legend_columns : most columns of the legend, which stands above the drawing and never on it; 0 for none.
    scenario : title of the scenario that is drawn.
    """
    room = figure_of(ax).get_figwidth() * ax.get_position().width / 0.775 - 0.1
    first, below = head_lines(takeaway, description, scenario, room)
    rise = 4.0 + (_legend_above(ax, legend_columns, room) if legend_columns else 0.0)
    above(ax, below, rise, fontsize=8, color=QUIET)
    above(ax, first, rise + 5 + LINE * (below.count("\n") + 1), fontsize=11, weight="bold")
    return sourced(ax, room)


def above(ax: Axes, text: str, rise: float, **how: Any) -> None:
    """A text over the drawing, from the left edge of the rows' names on."""
    where: Any = (ax.yaxis.label, "axes fraction")
    offset: Any = {"xytext": (0, rise), "textcoords": "offset points", "annotation_clip": False}
    ax.annotate(text, xy=(0, 1), xycoords=where, va="bottom", linespacing=1.15, **offset, **how)


def _legend_above(ax: Axes, most: int, room: float) -> float:
    """Puts the legend above the drawing, in as many columns as there is room for; returns its height in points."""
    handles, labels = ax.get_legend_handles_labels()
    if not handles:
        return 0.0
    named = dict(zip(labels, handles, strict=True))
    lines = [line for tick in ax.get_yticklabels() for line in tick.get_text().split("\n")]
    # From the left edge of the rows' names on, as the head above it; a letter of theirs is about so wide.
    indent = ScaledTranslation(-0.058 * max(map(len, lines), default=0), 0, figure_of(ax).dpi_scale_trans)
    letters = int(14 * room)
    columns = next((n for n in range(min(most, len(named)), 1, -1) if _wide(list(named), n) <= letters), 1)
    ax.legend(
        list(named.values()),
        [textwrap.shorten(label, letters - 6, placeholder=" …") for label in named],
        loc="lower left",
        bbox_to_anchor=(0, 1),
        bbox_transform=ax.transAxes + indent,
        ncols=columns,
        frameon=False,
        borderaxespad=0.1,
        borderpad=0.2,
        handlelength=1.3,
        columnspacing=1.4,
        labelspacing=0.3,
    ).set_in_layout(False)
    return LEGEND_ROW * -(-len(named) // columns) + 2


def _wide(labels: list[str], columns: int) -> int:
    """Width of a legend in letters; it is filled column by column."""
    return sum(max(map(len, part)) + 6 for part in np.array_split(np.array(labels, dtype=object), columns))


def sourced(ax: Axes, room: float) -> Axes:
    """The source line, below whatever stands under the horizontal axis, in `room` inches."""
    where: Any = (ax.yaxis.label, ax.xaxis.label)
    offset: Any = {"xytext": (0, -5), "textcoords": "offset points", "annotation_clip": False}
    text = textwrap.fill(SOURCE, int(18 * room))
    ax.annotate(text, xy=(0, 0), xycoords=where, fontsize=7, color=QUIET, va="top", **offset)
    return ax


def headed_panels(figure: Figure, takeaway: str, below: str) -> None:
    """The head of a figure of several panels without a layout engine, wrapped as `head_lines` gives it."""
    height = figure.get_figheight()
    where: dict[str, Any] = {"x": 0.1 / figure.get_figwidth(), "ha": "left", "va": "top"}
    figure.suptitle(takeaway, y=1 - 0.08 / height, weight="bold", fontsize=11, **where)
    down = (0.16 + 0.185 * (1 + takeaway.count("\n"))) / height
    figure.text(y=1 - down, s=below, fontsize=8, color=QUIET, **where)


def sourced_legend(figure: Figure, handles: Sequence[Any], columns: int = 1) -> None:
    """The source line at the foot of a figure, and above it the legend of all panels."""
    width, height = figure.get_size_inches()
    figure.text(0.1 / width, 0.07 / height, SOURCE, fontsize=7, color=QUIET, va="bottom")
    where: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0, 0.17 / height), "borderaxespad": 0.4}
    figure.legend(handles=handles, ncols=columns, frameon=False, handlelength=1.2, **where)


def two_years(ax: Axes, first: int, last: int) -> None:
    """The first and last year alone under a panel, both inside its width."""
    ax.set_xticks([first, last])
    left, right = ax.get_xticklabels()
    left.set_horizontalalignment("left")
    right.set_horizontalalignment("right")


def bare(ax: Axes) -> Axes:
    """No ticks and no frame, for drawings that are not charts."""
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
    return ax


def nothing(ax: Axes, takeaway: str, description: str, scenario: str = "") -> Axes:
    """What stands in place of a figure that has nothing to show: its head, which says so."""
    ax.set_label(NOTHING)
    return headed(bare(ax), takeaway, description, scenario=scenario)


def is_nothing(figure: Figure) -> bool:
    """Whether a figure has nothing to show, and at most says so."""
    return all(ax.get_label() == NOTHING for ax in figure.axes)


def spread(wanted: Sequence[float], gap: float, low: float = -np.inf, high: float = np.inf) -> list[float]:
    """Positions for labels near those wanted, in the same order, none closer than `gap`, between `low` and `high`."""
    order = np.argsort(np.asarray(wanted, dtype=float), kind="stable")
    steps = gap * np.arange(len(order))
    placed = np.empty(len(order))
    fitted = isotonic_regression(np.asarray(wanted, dtype=float)[order] - steps).x if len(order) else steps
    placed[order] = np.clip(fitted, low, high - gap * (len(order) - 1)) + steps
    return [float(value) for value in placed]


def rows_height(rows: int, each: float = 0.2, besides: float = 1.5, form: Form = WIDE) -> float:
    """Height in inches of a figure with so many labelled rows."""
    return besides + form.head + each * max(rows, 2)


def largest(amounts: pd.Series, most: int) -> list[str]:
    """The names of the largest amounts, in order; countries that a source does not name are never among them."""
    ordered = amounts.drop(OTHER, errors="ignore").sort_values(ascending=False, kind="stable")
    return [str(name) for name in ordered.index[:most] if ordered[name] > 0]


def kept(names: Iterable[str], shown: Iterable[str]) -> list[str]:
    """The names, with `other` for those that are not shown by themselves."""
    known = set(shown)
    return [name if name in known else "other" for name in names]
