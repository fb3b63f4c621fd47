"""What independence costs: every scenario's cost against its dependence."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MultipleLocator, NullLocator
from scipy.optimize import isotonic_regression

from supplychain.show.figures import style

TINTS = {"reference": style.INK, "policy": "#0072B2", "disruption": "#D55E00", "response": "#009E73"}
COSTS = {-0.1: "\N{MINUS SIGN}0.1", 0: "0", 0.1: "+0.1", 1: "+1", 10: "+10", 100: "+100"}
EVEN = 0.1  # billion USD up to which the axis of costs is even; beyond, it goes by powers of ten


@dataclass(frozen=True)
class Layout:
    """How `tradeoff` is set: inches of the figure and of the room around its frame, letters a line, points."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    letters: int
    font: float
    mark: float  # area of the mark of a region that supplies everything, square points

    @property
    def frame(self) -> tuple[float, float, float, float]:
        """The Axes' place in the figure, 0 to 1."""
        inner = (self.width - self.left - self.right, self.height - self.top - self.bottom)
        return self.left / self.width, self.bottom / self.height, inner[0] / self.width, inner[1] / self.height

    def radius(self, share: float) -> float:
        """Radius of the mark for a share of 0 to 1, inches."""
        return float(np.sqrt(self.mark * share / np.pi)) / 72


WIDE = Layout(7.6, 6.2, left=0.62, right=2.6, top=0.95, bottom=0.45, letters=32, font=9.5, mark=4000)
NARROW = Layout(3.6, 5.9, left=0.52, right=1.7, top=0.98, bottom=0.42, letters=20, font=9.1, mark=2000)


@style.styled
def tradeoff(points: pd.DataFrame, layout: Layout = WIDE) -> Axes:
    """Every scenario: what it costs, how dependent it leaves the United States, and what Central Asia then supplies.

    Parameters
    ----------
    points : one row a scenario: label, group (a key of TINTS), extra_busd (resource cost over the reference's, present
        value), concern and central_asia (their shares of the average US mineral in the last year, 0 to 1).
    layout : WIDE, or NARROW for a telephone.

    Returns
    -------
    Axes: share of the countries of concern, percent, against extra cost, billion USD, up to EVEN on an even scale and
    beyond it by powers of ten. The area of a mark goes with Central Asia's share; each has its scenario's label.
    """
    figure = style.new_figure(layout.width, layout.height, layout=None)
    ax = figure.add_axes(layout.frame)
    _scale(ax, points, layout)
    points = points.sort_values("central_asia", ascending=False, kind="stable", ignore_index=True)
    tints = [TINTS[group] for group in points["group"]]
    areas = layout.mark * points["central_asia"]
    ax.scatter(100 * points["concern"], points["extra_busd"], s=areas, c=tints, edgecolors="white", zorder=3)
    _label(ax, points, layout)
    _keys(ax, points, layout)
    return ax


def _scale(ax: Axes, points: pd.DataFrame, layout: Layout) -> None:
    shares, extra = 100 * points["concern"], points["extra_busd"]
    margin = 0.1 * max(float(shares.max() - shares.min()), 10.0)
    ax.set_xlim(max(0.0, shares.min() - margin), shares.max() + margin)
    ax.set_yscale("symlog", linthresh=EVEN, linscale=0.9)
    ax.set_ylim(min(-EVEN / 2, 1.7 * extra.min()), max(1.0, 3 * extra.max()))
    shown = {cost: label for cost, label in COSTS.items() if ax.get_ylim()[0] < cost < ax.get_ylim()[1]}
    ax.set_yticks(list(shown), list(shown.values()))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.tick_params(labelsize=layout.font, length=3)
    ax.grid()
    ax.xaxis.set_major_locator(MultipleLocator(5))
    ax.set_xlabel("Supplied by countries of concern, %", fontsize=layout.font, loc="left")
    ax.text(0, 1.015, "Extra cost, billion USD", fontsize=layout.font, ha="left", va="bottom", transform=ax.transAxes)


def _keys(ax: Axes, points: pd.DataFrame, layout: Layout) -> None:
    """What colours and sizes stand for, in two rows above the frame."""
    groups = [group for group in TINTS if group in set(points["group"])]
    _row(ax, [(TINTS[group], 0.03, style.spoken(group)) for group in groups], layout, layout.height - 0.15)
    sizes = (0.03, 0.06, 0.1) if points["central_asia"].max() < 0.2 else (0.1, 0.2, 0.4)
    shown = [(style.OTHERS, share, f"{100 * share:.0f} %") for share in sizes]
    _row(ax, shown, layout, layout.height - 0.45, "Central Asia:")


def _row(ax: Axes, keys: Sequence[tuple[str, float, str]], layout: Layout, height: float, head: str = "") -> None:
    """A row of marks with what they stand for: (colour, share that sets the size, words)."""
    letter = 0.6 * layout.font / 72
    across = 0.05
    if head:
        _write(ax, head, across, height, layout)
        across += letter * len(head) + 0.1
    for tint, share, words in keys:
        across += layout.radius(share)
        spot = ([across / layout.width], [height / layout.height])
        size = 2 * 72 * layout.radius(share)
        ax.add_artist(
            Line2D(
                *spot,
                marker="o",
                markersize=size,
                color=tint,
                markeredgewidth=0,
                transform=ax.figure.transFigure,
                clip_on=False,
            )
        )
        across += layout.radius(share) + 0.06
        _write(ax, words, across, height, layout)
        across += letter * len(words) + 0.16


def _write(ax: Axes, words: str, across: float, height: float, layout: Layout) -> None:
    at = (across / layout.width, height / layout.height)
    ax.text(*at, words, fontsize=layout.font, va="center", linespacing=1.05, transform=ax.figure.transFigure)


def _label(ax: Axes, points: pd.DataFrame, layout: Layout) -> None:
    """Labels beside their marks where nothing is in the way, else in a column at the right to which lines lead."""
    at = _inches(ax, points)
    ends = [x + layout.radius(share) + 0.05 for x, share in zip(at[:, 0], points["central_asia"], strict=True)]
    crowd = []
    for i, label in enumerate(points["label"]):
        shapes = (textwrap.fill(label, letters) for letters in (layout.letters, 20, 12))
        if beside := next((shape for shape in shapes if _is_free(i, at, shape, layout)), ""):
            _write(ax, beside, ends[i], at[i, 1], layout)
        else:
            crowd.append(i)
    names = [textwrap.fill(points["label"][i], layout.letters) for i in crowd]
    edge = layout.width - layout.right + 0.2
    for i, name, y in zip(crowd, names, _column(names, at[crowd, 1], layout), strict=True):
        _lead(ax, [ends[i] - 0.05, edge - 0.12, edge - 0.04], [at[i, 1], y, y], layout)
        _write(ax, name, edge, y, layout)


def _inches(ax: Axes, points: pd.DataFrame) -> np.ndarray:
    """Where the marks stand, inches from the figure's lower left corner: a row a mark."""
    at = np.column_stack([100 * points["concern"], points["extra_busd"]])
    return np.asarray(ax.transData.transform(at)) / style.figure_of(ax).get_dpi()


def _is_free(i: int, at: np.ndarray, name: str, layout: Layout) -> bool:
    """Whether a label beside its mark stays inside the frame and clear of every other mark."""
    letter = layout.font / 72
    end = at[i, 0] + 0.15 + 0.58 * letter * max(map(len, name.split("\n")))
    others = np.delete(at, i, axis=0)
    above = np.abs(others[:, 1] - at[i, 1]) < (0.8 + 0.6 * len(name.split("\n"))) * letter
    blocked = above & (others[:, 0] >= at[i, 0]) & (others[:, 0] < end)
    return bool(end < layout.width - layout.right and not blocked.any())


def _column(names: Sequence[str], wanted: np.ndarray, layout: Layout) -> list[float]:
    """Heights of labels one above the other, each near its mark: inches of their middles."""
    order = np.argsort(wanted, kind="stable")
    tall = np.array([1.12 * names[i].count("\n") + 1.32 for i in order]) * layout.font / 72
    middles = np.cumsum(tall) - tall / 2
    lowest = isotonic_regression(wanted[order] - middles).x if len(order) else middles
    heights = np.empty(len(order))
    heights[order] = np.clip(lowest, 0.05, layout.height - 0.65 - tall.sum()) + middles
    return [float(height) for height in heights]


def _lead(ax: Axes, x: Sequence[float], y: Sequence[float], layout: Layout) -> None:
    """A thin line from a mark to its label."""
    across, up = np.asarray(x) / layout.width, np.asarray(y) / layout.height
    line = Line2D(across, up, color="#999999", linewidth=0.6, transform=ax.figure.transFigure, clip_on=False, zorder=2)
    ax.add_artist(line)
