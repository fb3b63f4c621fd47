"""The figures of a scenario as SVG that can stand in a page, each with a text that says what is to be seen."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from xml.etree import ElementTree

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from supplychain import plots
from supplychain.report.answer import HALF, at_worst
from supplychain.report.cases import Case
from supplychain.report.names import Names
from supplychain.report.words import COST_ITEMS, NARROW, counted, joined, number, percent

LEAST_TEXT = 12.0
SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}href"


@dataclass(frozen=True)
class Picture:
    """A figure on the page: heading, inline SVG, text alternative, and the width at which its text is 12 px."""

    heading: str
    svg: str
    alternative: str
    width: int


@dataclass(frozen=True)
class Kind:
    """A kind of figure: its heading, how it is drawn, and how its text alternative is computed."""

    heading: str
    draw: Callable[[Case], Figure]
    tell: Callable[[Case, Names], str]


def pictures(case: Case, names: Names) -> list[Picture]:
    """The figures of one scenario; none where it has no figures of the United States."""
    if not case.in_dollars:
        return []
    return [_picture(kind, case, names, f"{case.name}-{i}") for i, kind in enumerate(KINDS)]


def _picture(kind: Kind, case: Case, names: Names, key: str) -> Picture:
    text = kind.tell(case, names)
    svg, width = inline(to_svg(lambda: kind.draw(case)), key, text)
    return Picture(kind.heading, svg, text, width)


def to_svg(draw: Callable[[], Figure]) -> str:
    """A figure as SVG whose text stays text: small, to be searched and read aloud."""
    with matplotlib.rc_context({**plots.STYLE, "svg.fonttype": "none"}), io.StringIO() as file:
        draw().savefig(file, format="svg", bbox_inches="tight", metadata={"Date": None})
        return file.getvalue()


def inline(svg: str, key: str, alternative: str) -> tuple[str, int]:
    """An SVG document made fit to stand in a page beside others.

    Parameters
    ----------
    svg : what matplotlib writes. key : unlike that of every other figure, put before the ids.
    alternative : the text alternative.

    Returns
    -------
    The svg element, short of metadata, with coordinates to a tenth of a point; and the width in CSS pixels at which
    its smallest text is 12 px high.
    """
    root = ElementTree.fromstring(svg)
    smallest = min((_size(t) for t in root.iter(f"{SVG}text")), default=LEAST_TEXT)
    prefix = re.sub(r"[^A-Za-z0-9]", "-", key)
    _lean(root, {use.get(LINK, "")[1:] for use in root.iter(f"{SVG}use")} | _clips(root), prefix)
    box = [float(value) for value in root.get("viewBox", "0 0 1 1").split()]
    width = math.ceil(box[2] * LEAST_TEXT / smallest)
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.attrib |= {"role": "img", "aria-label": alternative}
    return ElementTree.tostring(root, encoding="unicode"), width


def _size(text: ElementTree.Element) -> float:
    found = re.search(r"font(?:-size)?:[^;]*?([\d.]+)px", text.get("style", ""))
    return float(found[1]) if found else LEAST_TEXT


def _clips(root: ElementTree.Element) -> set[str]:
    found = (re.search(r"#([^)]+)\)", e.get("clip-path", "")) for e in root.iter())
    return {match[1] for match in found if match}


def _lean(element: ElementTree.Element, used: set[str], prefix: str) -> None:
    """Drops metadata, style sheets, unused ids and spare digits; makes the ids that are used the figure's own."""
    for child in list(element):
        if child.tag in (f"{SVG}metadata", f"{SVG}style"):
            element.remove(child)
        else:
            _lean(child, used, prefix)
    element.tag = element.tag.removeprefix(SVG)
    element.text = element.text if element.tag in ("text", "tspan", "title") else None
    element.tail = None
    element.attrib = {name.rpartition("}")[2]: _lean_value(name, v, prefix) for name, v in element.attrib.items()
                      if name != "id" or v in used}  # fmt: skip


def _lean_value(name: str, value: str, prefix: str) -> str:
    if name == "id":
        return f"{prefix}-{value}"
    if name == LINK:
        return f"#{prefix}-{value[1:]}" if value.startswith("#") else re.sub(r"\s", "", value)
    if name == "clip-path":
        return value.replace("#", f"#{prefix}-")
    if name == "style":
        return re.sub(r"\s*font-family:[^;]*;?|(?<=[;:])\s+", "", value).strip()
    if name in ("d", "x", "y", "transform", "points", "width", "height"):
        return " ".join(re.sub(r"-?\d+\.\d+", lambda m: f"{float(m[0]):.1f}".removesuffix(".0"), value).split())
    return value


def _whole(axes: Axes) -> Figure:
    figure = axes.get_figure(root=True)
    assert figure is not None
    return figure


def _tell_dependence(case: Case, names: Names) -> str:
    first, last = case.years[0], case.years[-1]
    table = case.home("dependence")
    table = table[table["stage"] == "refine"]
    now = table[table["year"] == last].set_index("mineral")["share_feoc"].sort_values(ascending=False, kind="stable")
    before = table[table["year"] == first].set_index("mineral")["share_feoc"].reindex(now.index).fillna(0.0)
    over, under = int((before > HALF).sum()), int((now > HALF).sum())
    fallen = (before - now).sort_values(ascending=False, kind="stable")
    text = (
        f"Share of the countries of concern in US supply at the refinery, mineral by mineral. It is over half for "
        f"{counted(over, 'mineral')} in {first} and for {counted(under, 'mineral')} in {last}; highest in {last}: "
        f"{_listed(now, names)}."
    )
    if len(fallen) and fallen.iloc[0] > 0.02:
        m = fallen.index[0]
        text += f" It falls most for {names.mineral(m).lower()}, from {percent(before[m])} to {percent(now[m])}."
    return text


def _listed(shares: pd.Series, names: Names, most: int = 3) -> str:
    return joined([f"{names.mineral(m).lower()} ({percent(value)})" for m, value in shares.head(most).items()])


def _tell_central_asia(case: Case, names: Names) -> str:
    first, last = case.years[0], case.years[-1]
    now, before = at_worst(case, "share_central_asia", last), at_worst(case, "share_central_asia", first)
    seen = now[now >= 0.005]
    if seen.empty:
        return f"Central Asia supplies no mineral with half a percent of US supply in {last}."
    change = (now - before.reindex(now.index).fillna(0.0)).sort_values(ascending=False, kind="stable")
    text = (
        f"Central Asia’s share of US supply, at mine or refinery. In {last} it supplies at least half a percent of "
        f"{counted(len(seen), 'mineral')}, most of all {_listed(seen, names)}."
    )
    if change.iloc[0] > 0.005:
        points = number(100 * change.iloc[0], 1)
        text += f" It gains most in {names.mineral(change.index[0]).lower()}: {points} points since {first}."
    return text


def _tell_unmet(case: Case, names: Names) -> str:
    table = case.home("unmet")
    table = table[table["share"] > 0.005] if len(table) else table
    if table.empty:
        return "No mineral or service is short by over half a percent of US use in any year."
    worst = table.sort_values("share", ascending=False, kind="stable").drop_duplicates("item")
    said = [f"{names.mineral(r.item).lower()} ({percent(r.share)} in {r.year})" for r in worst.head(3).itertuples()]
    return (
        f"Use given up in the United States, percent by item and year: {counted(len(worst), 'item')} over half a percent "
        f"in some year. The worst: {joined(said)}."
    )


def _tell_costs(case: Case, names: Names) -> str:
    table = case.table("costs")
    table = table[table["item"] != "subsidy"]
    by_year = table.groupby("year")["musd"].sum() / 1e3
    largest = table.groupby("item")["musd"].sum().sort_values(ascending=False, kind="stable")
    parts = joined([f"{COST_ITEMS.get(str(item), str(item)).lower()} ({percent(value / largest.sum())})" for item, value in largest.head(3).items()])
    first, last = case.years[0], case.years[-1]
    return (
        f"Cost of supplying all markets, by kind of cost and year: from {number(by_year[first])}{NARROW}billion USD in "
        f"{first} to {number(by_year[last])}{NARROW}billion in {last}. The largest parts: {parts}."
    )


KINDS = (
    Kind(
        "Dependence on countries of concern, mineral by mineral",
        lambda case: _whole(plots.dependence(case.result)),
        _tell_dependence,
    ),
    Kind("Central Asia’s part", lambda case: _whole(plots.central_asia(case.result)), _tell_central_asia),
    Kind("What the United States goes without", lambda case: _whole(plots.unmet(case.result)), _tell_unmet),
    Kind("Cost by kind", lambda case: _whole(plots.costs(case.result)), _tell_costs),
)
