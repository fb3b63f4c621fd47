"""Figures as files, and as SVG small and clean enough to stand inside a page."""

from __future__ import annotations

import html
import io
import re
import tempfile
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from supplychain.show.figures.style import STYLE, figure_of

_NUMBER = re.compile(r"-?\d+\.\d{2,}")
_FONTS = re.compile(r"'DejaVu Sans', [^;\"]*?sans-serif")
_POINTS = re.compile(r'(?<=\s)(d|points|transform|x|y)="([^"]*)"')


def to_svg(drawing: Figure | Axes, alt: str = "", salt: str = "supplychain") -> str:
    """A figure as one `<svg>` element: the same bytes each time, text as text, coordinates to a tenth of a point.

    Parameters
    ----------
    drawing : a figure, or Axes of it.
    alt : what a reader who cannot see the figure is told; it becomes the element's accessible name.
    salt : what ids are hashed with; give each figure of one page its own, so that their ids differ.

    Returns
    -------
    The element's text, without an XML header; its width and height are left to the page (viewBox only).
    """
    figure = figure_of(drawing) if isinstance(drawing, Axes) else drawing
    file = io.StringIO()
    with matplotlib.rc_context({**STYLE, "svg.hashsalt": salt}):
        figure.savefig(file, format="svg", bbox_inches="tight", metadata={"Date": None, "Creator": None})
    return _slimmed(file.getvalue(), alt)


def _slimmed(text: str, alt: str) -> str:
    """Drops header, comments, metadata, sizes and the ids that nothing refers to; rounds coordinates."""
    text = text[text.index("<svg") :]
    text = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    used = set(re.findall(r"#([\w.-]+)", text))
    text = re.sub(r' id="([^"]+)"', lambda found: found[0] if found[1] in used else "", text)
    text = _POINTS.sub(lambda found: f'{found[1]}="{_NUMBER.sub(_rounded, found[2])}"', text)
    text = re.sub(r"\s*\n([A-Zz]?) *", r"\1", _FONTS.sub("'DejaVu Sans',Verdana,sans-serif", text))
    name = html.escape(alt, quote=True)
    label = f'role="img" aria-label="{name}"' if alt else 'aria-hidden="true"'
    return re.sub(r'<svg [^>]*?viewBox="([^"]*)"[^>]*>', rf'<svg {_SPACES} viewBox="\1" {label}>', text, count=1)


_SPACES = 'xmlns:xlink="http://www.w3.org/1999/xlink" xmlns="http://www.w3.org/2000/svg"'


def _rounded(number: re.Match[str]) -> str:
    return f"{float(number[0]):.1f}".removesuffix(".0")


def save(figure: Figure, file: Path) -> Path:
    """Write a figure, whole or not at all; the name's ending says in which format. Returns the file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    metadata = {"Software": None} if file.suffix == ".png" else None
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=f".{file.stem}-") as folder, matplotlib.rc_context(STYLE):
        new = Path(folder) / file.name
        figure.savefig(new, bbox_inches="tight", metadata=metadata)
        new.replace(file)
    return file
