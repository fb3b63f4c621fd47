"""Figures as files, and as SVG small and clean enough to stand inside a page."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox
from PIL import Image

from supplychain.results.writing import whole_file
from supplychain.show.figures.style import STYLE, figure_of

COMPRESSION = 3  # of zlib: quicker than its usual 6, and the files as large
_NUMBER = re.compile(r"-?\d+\.\d{2,}")
_FONTS = re.compile(r"'DejaVu Sans', [^;\"]*?sans-serif")
_POINTS = re.compile(r'(?<=\s)(d|points|transform|x|y)="([^"]*)"')


@contextmanager
def settled(figure: Figure) -> Iterator[Bbox]:
    """Lays a figure out once, for whatever is written of it inside; gives the part that is drawn on, inches.

    `savefig` by itself lays out and draws a figure to find that part, for each file anew. On the canvas set here each
    text is measured once, by the renderer that then draws it.
    """
    canvas, engine, dpi = figure.canvas, figure.get_layout_engine(), figure.get_dpi()
    with matplotlib.rc_context(STYLE):
        try:
            FigureCanvasAgg(figure)
            figure.set_dpi(STYLE["savefig.dpi"])
            if engine is not None:
                engine.execute(figure)
            figure.set_layout_engine(None)
            yield figure.get_tightbbox().padded(matplotlib.rcParams["savefig.pad_inches"])
        finally:
            figure.set_layout_engine(engine)
            figure.set_dpi(dpi)
            figure.set_canvas(canvas)


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
    with settled(figure) as part:
        return _slimmed(_svg(figure, part, salt), alt)


def _svg(figure: Figure, part: Bbox, salt: str) -> str:
    file = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": salt}):
        figure.savefig(file, format="svg", bbox_inches=part, metadata={"Date": None, "Creator": None})
    return file.getvalue()


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
    with whole_file(file) as whole, settled(figure) as part:
        if file.suffix == ".png":
            _png(figure, part, whole)
        else:
            figure.savefig(whole, bbox_inches=part)
    return file


def _png(figure: Figure, part: Bbox, file: Path) -> None:
    """The settled figure drawn whole, and that part of it cut out, white where it reaches beyond the figure."""
    drawn, dpi = io.BytesIO(), figure.get_dpi()
    figure.savefig(drawn, format="rgba")
    whole = Image.frombytes("RGBA", figure.canvas.get_width_height(), drawn.getvalue())
    left, top = round(part.x0 * dpi), round(whole.height - part.y1 * dpi)
    cut = Image.new("RGB", (round(part.width * dpi), round(part.height * dpi)), "white")
    cut.paste(whole, (-left, -top))
    cut.save(file, compress_level=COMPRESSION, dpi=(dpi, dpi))


def save_both(figure: Figure, png: Path, salt: str) -> list[Path]:
    """Write a figure as PNG, and of the same layout as the SVG that `to_svg` gives; returns the two files."""
    svg = png.with_suffix(".svg")
    with settled(figure) as part:
        # The SVG first, as `to_svg` draws it: nothing that the other drawing leaves behind can be in it.
        svg.write_text(_slimmed(_svg(figure, part, salt), ""), encoding="utf-8")
        _png(figure, part, png)
    return [png, svg]
