"""The house in one picture and one page, both drawn from the code: run by `make docs`.

Reads the imports of every module with `ast`, writes docs/house.svg and docs/architecture.md. A room is a package (or a
module) at the top of `supplychain`; an import is a module of one room that a module of another room names.
"""

from __future__ import annotations

import ast
import textwrap
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

DOCS = Path(__file__).parent
PACKAGE = DOCS.parent / "supplychain"
# In the order in which data flow: a room imports only from rooms before it (tests/test_architecture.py).
ROOMS = {
    "facts": "#0598A1",
    "scenario": "#3F5FBB",
    "system": "#7B4FB0",
    "program": "#B23A8E",
    "solve": "#C3300C",
    "results": "#D26E01",
    "studies": "#9A7B00",
    "show": "#4E8A1E",
    "cli": "#555555",
}
Arrows = dict[tuple[str, str], int]

# The picture, inches.
STEP, WIDTH, GAP, MARGIN = 0.72, 6.5, 0.22, 0.15
LINE, HEAD = 0.165, 0.66  # height of a line of modules, and of a box without any
LETTERS = 104  # in a line of modules
INK, QUIET = "#222222", "#595959"
DOT = "\u00a0· "  # stays on the line of the module before it


def files_of(room: str) -> list[Path]:
    """Every module of a room."""
    return sorted((PACKAGE / room).rglob("*.py")) or [PACKAGE / f"{room}.py"]


def imported(file: Path) -> set[str]:
    """Dotted names of the modules of `supplychain` that a file names in its imports, below the package."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("supplychain."):
            found |= {_module(str(node.module), alias.name) for alias in node.names}
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("supplychain.")}
    return {name.removeprefix("supplychain.") for name in found}


def _module(package: str, name: str) -> str:
    """What `from package import name` imports: the module of that name, else the package itself."""
    inside = DOCS.parent / package.replace(".", "/") / name
    return f"{package}.{name}" if inside.is_dir() or inside.with_suffix(".py").is_file() else package


def arrows() -> Arrows:
    """How many imports lead from a room to another: by (who gives, who takes), in the rooms' order."""
    pairs = ((name.split(".")[0], room) for room in ROOMS for file in files_of(room) for name in imported(file))
    count = Counter((giver, taker) for giver, taker in pairs if giver != taker)
    return {(giver, taker): count[giver, taker] for taker in ROOMS for giver in ROOMS if count[giver, taker]}


def as_text(found: Arrows) -> str:
    """The arrows, one in a line: what the picture shows, to be compared."""
    return "\n".join(f"{giver} -> {taker}: {number}" for (giver, taker), number in found.items())


def docstring(room: str) -> str:
    """What the room says of itself."""
    file = PACKAGE / room / "__init__.py"
    text = (file if file.is_file() else PACKAGE / f"{room}.py").read_text(encoding="utf-8")
    return ast.get_docstring(ast.parse(text)) or ""


def modules(room: str) -> list[str]:
    """A line for the modules of the room itself and for those of each folder in it; none where it is one module."""
    folders: dict[str, list[str]] = {}
    for file in files_of(room):
        inside = file.relative_to(PACKAGE / room) if (PACKAGE / room).is_dir() else Path()
        if inside.stem not in ("", "__init__"):
            folders.setdefault(inside.parent.as_posix(), []).append(inside.stem)
    told = {"" if name == "." else f"{name}/  ": DOT.join(stems) for name, stems in sorted(folders.items())}
    return [folder + stems for folder, stems in told.items()]


def picture() -> Figure:
    """Rooms on a stair from the facts down to the command line; what a room gives runs down, what it takes runs in."""
    lines = {room: [piece for line in modules(room) for piece in _wrapped(line)] for room in ROOMS}
    heights = {room: HEAD + LINE * len(lines[room]) + 0.06 * bool(lines[room]) for room in ROOMS}
    width = MARGIN * 2 + STEP * (len(ROOMS) - 1) + WIDTH
    height = MARGIN * 2 + sum(heights.values()) + GAP * (len(ROOMS) - 1)
    figure = Figure(figsize=(width, height), facecolor="white")
    ax = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    ax.set_axis_off()
    corners, top = {}, MARGIN
    for number, room in enumerate(ROOMS):
        corners[room] = (MARGIN + STEP * number, top)
        top += heights[room] + GAP
    _wires(ax, corners, heights, arrows())
    for room in ROOMS:
        _box(ax, corners[room], heights[room], room, lines[room])
    return figure


def _wrapped(line: str) -> list[str]:
    folder = line.split("  ")[0] + "  " if "/  " in line else ""
    return textwrap.wrap(line, LETTERS, subsequent_indent=" " * len(folder), break_on_hyphens=False)


def _box(ax: Axes, corner: tuple[float, float], height: float, room: str, lines: list[str]) -> None:
    """A room: its name, its first sentence, its modules."""
    (left, top), colour = corner, ROOMS[room]
    shape = {"boxstyle": "round,pad=0,rounding_size=0.08", "linewidth": 1.4}
    ax.add_patch(FancyBboxPatch(corner, WIDTH, height, fc="white", ec=colour, zorder=4, **shape))
    ax.add_patch(FancyBboxPatch(corner, WIDTH, height, fc=colour, ec="none", alpha=0.09, zorder=5, **shape))
    ax.text(left + 0.16, top + 0.24, room, color=colour, size=13, weight="bold", va="center", zorder=6)
    says = docstring(room).splitlines()[0].split(": ", 1)[-1].rstrip(".")
    ax.text(left + 0.16, top + 0.46, says[0].upper() + says[1:], color=INK, size=8.2, va="center", zorder=6)
    for number, line in enumerate(lines):
        ax.text(left + 0.16, top + HEAD + 0.04 + LINE * number, line, color=QUIET, size=7.2, va="center", zorder=6)


def _wires(ax: Axes, corners: dict[str, tuple[float, float]], heights: dict[str, float], found: Arrows) -> None:
    """For each room one wire down from it, one into each room that takes from it, and where they meet the number."""
    middle = {room: corners[room][1] + heights[room] / 2 for room in ROOMS}
    down = {room: corners[room][0] + STEP / 2 for room in ROOMS}
    for giver, colour in ROOMS.items():
        takers = [taker for one, taker in found if one == giver]
        if takers:
            start = corners[giver][1] + heights[giver]
            ax.plot([down[giver]] * 2, [start, middle[takers[-1]]], color=colour, lw=2.2, alpha=0.75, zorder=2)
    for (giver, taker), number in found.items():
        first = min((down[one] for one, other in found if other == taker), default=0.0)
        arrow = {"arrowstyle": "-|>", "color": "#9A9A9A", "lw": 1.3, "shrinkA": 0, "shrinkB": 0}
        if down[giver] == first:
            ax.annotate("", (corners[taker][0], middle[taker]), (first, middle[taker]), arrowprops=arrow, zorder=1)
        at = (down[giver], middle[taker])
        ax.scatter(*at, s=190, color=ROOMS[giver], edgecolor="white", linewidth=1.2, zorder=3)
        look = {"size": 7.5, "weight": "bold", "ha": "center", "va": "center_baseline"}
        ax.text(*at, str(number), color="white", zorder=3.5, **look)


INTRO = """# The house

Data flow one way, from the facts to what people look at, and so do the imports: a room uses only rooms before it. Each
room is a folder of `supplychain/`; what follows is what the rooms say of themselves, and `make docs` wrote it.

![The rooms in the order in which data flow, with the number of imports from each to each](house.svg)

Read the picture as a stair. What a room gives runs down its coloured wire; the grey wire into a room is what it takes.
Where they meet stands how many imports lead there: a module of the one room named by a module of the other.

## Where to add what

| to add | go to | and then |
|---|---|---|
| a fact, a source | `data/`, its table's CSV | `supplychain data --check`; a new table: `data/datapackage.json` |
| a kind of policy | `scenario/policies/`, the module of its subject | list it in that module's `KINDS`; `make docs` |
| an equation | `program/equations/` | list it in `EQUATIONS`; its columns go to `program/variables/` |
| a table of results | `results/tables/` | call it in `results/run.py`; describe it in `results/columns.py` |
| a figure | `show/figures/` | list it in `show/figures/gallery.py`, and in `show/report/figures.py` for the page |
| a study of many solves | `studies/`, a module of its own | a row of the Makefile that runs it |
| a command | `cli/` | import inside the function, so that `--help` stays quick |

## The rooms
"""


def page() -> str:
    """The Markdown page: the picture, where to add what, the rooms in their own words, the arrows as a list."""
    found = arrows()
    rooms = [f"### {room}\n\n{docstring(room)}\n\n{_takes(room, found)}\n" for room in ROOMS]
    listed = f"## The arrows of the picture\n\n```\n{as_text(found)}\n```\n"
    return "\n".join([INTRO, *rooms, listed])


def _takes(room: str, found: Arrows) -> str:
    givers = [f"{giver} ({number})" for (giver, taker), number in found.items() if taker == room]
    return f"Takes from: {', '.join(givers) or 'no other room'}."


def write() -> Iterator[Path]:
    """Writes the picture, with its arrows as its description, and the page; gives their files."""
    with matplotlib.rc_context({"svg.hashsalt": "house", "font.family": "DejaVu Sans"}):
        about = {"Date": None, "Creator": None, "Description": as_text(arrows())}
        picture().savefig(DOCS / "house.svg", metadata=about)
    yield DOCS / "house.svg"
    (DOCS / "architecture.md").write_text(page(), encoding="utf-8")
    yield DOCS / "architecture.md"


if __name__ == "__main__":
    print(*(file.relative_to(DOCS.parent) for file in write()), sep="\n")
