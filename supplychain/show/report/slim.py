"""What many figures of a page have in common is said once."""

from __future__ import annotations

import re

_DRAWING = re.compile(r"<svg.*?</svg>", flags=re.DOTALL)
_STYLE = re.compile(r' style="([^"]*)"')
END = "</style>"


def with_shared_styles(page: str) -> str:
    """The page with the styles of its drawings' parts as classes of its style sheet, numbered as they appear."""
    classes: dict[str, str] = {}

    def named(found: re.Match[str]) -> str:
        return f' class="{classes.setdefault(found[1], f"s{len(classes)}")}"'

    text = _DRAWING.sub(lambda drawing: _STYLE.sub(named, drawing[0]), page)
    # As many selectors as the page's own rules for drawings have, and after them: these are the ones that hold.
    rules = "\n".join(f"svg .{name} {{{style}}}" for style, name in classes.items())
    return text.replace(END, f"{rules}\n{END}", 1)
