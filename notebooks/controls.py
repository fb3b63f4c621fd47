"""Sliders for the notebooks, for those who can move them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import signature
from typing import Any

from IPython import get_ipython


def sliders(draw: Callable[..., None], **choices: Sequence[Any]) -> None:
    """Sliders that call `draw` anew; one call with its defaults where there are no widgets, or nobody to move them.

    Parameters
    ----------
    draw : draws a figure; each of its arguments has a default.
    choices : the values that an argument may take, in order.
    """
    if not _somebody_there():
        return draw()
    try:
        from ipywidgets import SelectionSlider, interact
    except ImportError:
        return draw()
    first = {name: signature(draw).parameters[name].default for name in choices}
    # A value counts when the slider is let go: each may be a solve.
    made = {
        name: SelectionSlider(options=list(values), value=first[name], continuous_update=False)
        for name, values in choices.items()
    }
    interact(draw, **made)
    return None


def _somebody_there() -> bool:
    """Whether a notebook is open in front of a reader: only then does its front end take keyboard input."""
    request = getattr(get_ipython(), "parent_header", None) or {}
    return bool(request.get("content", {}).get("allow_stdin"))
