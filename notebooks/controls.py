"""Sliders for the notebooks, for those who can move them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import signature
from typing import Any

from IPython import get_ipython


def sliders(draw: Callable[..., None], **choices: Sequence[Any]) -> None:
    """Sliders that call `draw` anew; without ipywidgets, or without a reader at the keyboard, one call with its defaults.

    Parameters
    ----------
    draw : draws a figure; each of its arguments has a default.
    choices : the values that an argument may take, in order.
    """
    if not _reader():
        return draw()
    try:
        from ipywidgets import SelectionSlider, interact
    except ImportError:
        return draw()
    first = {name: signature(draw).parameters[name].default for name in choices}
    # A value counts when the slider is let go: each is a solve.
    moving = {"continuous_update": False}
    interact(draw, **{name: SelectionSlider(options=list(choices[name]), value=first[name], **moving) for name in first})
    return None


def _reader() -> bool:
    """Whether a notebook is open in front of somebody: only then does its front end take keyboard input."""
    shell = get_ipython()
    parent = getattr(shell, "parent_header", None) or {}
    return bool(parent.get("content", {}).get("allow_stdin"))
