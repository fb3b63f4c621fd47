"""The figures of a scenario as SVG that can stand in a page, each with a text that says what is to be seen."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from supplychain.show.figures import gallery
from supplychain.show.figures.gallery import Drawing
from supplychain.show.report import charts, telling
from supplychain.show.report.charts import Chart
from supplychain.show.report.telling import Scene

LEAST_TEXT = 12.0
SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}href"


@dataclass(frozen=True)
class Picture:
    """A figure on the page: heading, inline SVG, text alternative, and the width at which its text is 12 px.

    The SVG is "" where there is nothing to be seen; the text says so. `chart` has its data, `mineral` is the id of the
    one mineral that it is about, if it is.
    """

    heading: str
    svg: str
    alternative: str
    width: int
    chart: Chart
    mineral: str = ""


@dataclass(frozen=True)
class Kind:
    """A kind of figure.

    Attributes
    ----------
    heading : `{mineral}` stands for the mineral shown. drawing, tell, chart : the figure, what it says, its data.
    tables : which the result must have. beside : it compares, so the reference itself has none.
    heavy : too large a file to be drawn for every scenario.
    """

    heading: str
    drawing: Callable[[Scene], Drawing]
    tell: Callable[[Scene], str]
    chart: Callable[[Scene], Chart]
    tables: tuple[str, ...] = ()
    beside: bool = False
    heavy: bool = False


def pictures(scene: Scene, with_heavy: bool = False, folder: Path | None = None) -> list[Picture]:
    """The figures of one scenario; none where it has no figures of the United States.

    Parameters
    ----------
    scene : the scenario, its reference and the mineral shown. with_heavy : the map too.
    folder : of the results, where a figure that `run` has drawn of the same results is not drawn again.
    """
    if not (scene.case.in_dollars and scene.reference.in_dollars):
        return []
    return [_picture(kind, scene, folder) for kind in KINDS if _can(kind, scene, with_heavy)]


def _can(kind: Kind, scene: Scene, with_heavy: bool) -> bool:
    if (kind.heavy and not with_heavy) or (kind.beside and scene.case is scene.reference):
        return False
    return all(len(scene.case.table(name)) for name in kind.tables)


def _picture(kind: Kind, scene: Scene, folder: Path | None) -> Picture:
    heading, text = kind.heading.format(mineral=scene.mineral_name), kind.tell(scene)
    svg = gallery.svg_of(kind.drawing(scene), _drawn_in(folder, None if kind.beside else scene.case.name))
    drawn, width = fitted(svg, text) if svg else ("", 0)
    mineral = scene.mineral if "{mineral}" in kind.heading else ""
    return Picture(heading, drawn, text, width, kind.chart(scene), mineral)


def _drawn_in(folder: Path | None, scenario: str | None) -> Path | None:
    """Where the figures of a scenario, or those across scenarios, stand in a folder of results, or of one result."""
    if folder is None or scenario is None or (folder / "manifest.json").is_file():
        return folder and folder / "figures"
    return folder / scenario / "figures"


def fitted(svg: str, alt: str) -> tuple[str, int]:
    """An svg element made fit for a page.

    Parameters
    ----------
    alt : what a reader who cannot see it is told.

    Returns
    -------
    The element without a style sheet or font names of its own (the page has them), and the width in CSS pixels at
    which its smallest text is 12 px high.
    """
    root = ElementTree.fromstring(svg)
    smallest = min((_size(text) for text in root.iter(f"{SVG}text")), default=LEAST_TEXT)
    box = [float(value) for value in root.get("viewBox", "0 0 1 1").split()]
    _plain(root)
    root.attrib.pop("aria-hidden", None)
    root.attrib |= {"role": "img", "aria-label": alt}
    return ElementTree.tostring(root, encoding="unicode"), math.ceil(box[2] * LEAST_TEXT / smallest)


def _size(text: ElementTree.Element) -> float:
    found = re.search(r"font(?:-size)?:[^;]*?([\d.]+)px", text.get("style", ""))
    return float(found[1]) if found else LEAST_TEXT


def _plain(element: ElementTree.Element) -> None:
    """Drops style sheets, font names and white space, and the XML names that HTML does not need."""
    for child in [child for child in element if child.tag == f"{SVG}style"]:
        element.remove(child)
    for child in element:
        _plain(child)
    element.tag = element.tag.removeprefix(SVG)
    element.text = element.text if element.tag in ("text", "tspan") else None
    element.tail = None
    kept = {name: value for name, value in element.attrib.items() if not value.startswith("rotate(-0 ")}
    element.attrib = {name.rpartition("}")[2]: _tidy(name, value) for name, value in kept.items()}


def _tidy(name: str, value: str) -> str:
    if name == "style":
        return re.sub(r"font-family:[^;]*;?\s*", "", value)
    return "".join(value.split()) if name == LINK else value


KINDS = (
    Kind(
        "Dependence on countries of concern, mineral by mineral",
        lambda s: gallery.of_scenario(s.case.result, "dependence"),
        telling.dependence,
        lambda s: charts.dependence(s.case, s.names),
        ("dependence",),
    ),
    Kind(
        "What the scenario adds to the cost of supply",
        lambda s: gallery.of_both(s.reference.result, s.case.result, "cost"),
        telling.waterfall,
        lambda s: charts.cost(s.reference, s.case),
        ("costs",),
        beside=True,
    ),
    Kind(
        "What the United States goes without",
        lambda s: gallery.of_scenario(s.case.result, "unmet"),
        telling.unmet,
        lambda s: charts.unmet(s.case, s.names),
        ("prices",),
    ),
    Kind(
        "Prices over normal",
        lambda s: gallery.of_scenario(s.case.result, "prices"),
        telling.prices,
        lambda s: charts.prices(s.case, s.names),
        ("prices",),
    ),
    Kind(
        "Central Asia in US supply",
        lambda s: gallery.of_scenario(s.case.result, "central_asia"),
        telling.central_asia,
        lambda s: charts.central_asia(s.case, s.names),
        ("dependence",),
    ),
    Kind(
        "Whom Central Asia displaces",
        lambda s: gallery.of_both(s.reference.result, s.case.result, "displaced"),
        telling.displaces,
        lambda s: charts.displaced(s.reference, s.case, s.names),
        ("supply",),
        beside=True,
    ),
    Kind(
        "How full the corridors out of Central Asia are",
        lambda s: gallery.of_scenario(s.case.result, "corridors"),
        telling.corridors,
        lambda s: charts.corridors(s.case, s.names),
        ("corridors",),
    ),
    Kind(
        "{mineral} on its way, on the map",
        lambda s: gallery.of_mineral(s.case.result, "map", s.mineral),
        telling.ways,
        lambda s: charts.ways(s.case, s.mineral, s.names),
        ("paths",),
        heavy=True,
    ),
)
