"""How the page writes figures and names: thin separators, real minus signs, spoken ids."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

NARROW = "\u202f"
MINUS = "\u2212"
NOTHING = "–"
SHORTAGE = f"over 5{NARROW}% of use given up in some year at more than one and a half times the normal price"
ACRONYMS = re.compile(r"\b(exim|mp|us|dod|nato|eu|lfp)\b")
STAGES = {"mine": "Mined", "refine": "Refined", "fabricate": "Made", "supply": "Last supplier"}
PLACES = {
    "mine": "at the mine",
    "refine": "at the refinery",
    "fabricate": "at the factory",
    "supply": "by last supplier",
}
COST_ITEMS = {
    "mine": "Mining",
    "refine": "Refining, with the scrap in it",
    "fabricate": "Fabricating",
    "dearer": "A country’s dearer plants",
    "entry": "New plant, dearer to run",
    "capex": "Capital of new plants",
    "subsidy": "Capital paid by funds",
    "cheap_capital": "Capital at lower rates",
    "freight": "Freight",
    "time": "Time under way",
    "margin": "Quality and contracts",
    "switching": "Switching suppliers",
    "tariff": "Tariffs",
    "credit": "Production credits",
    "detour": "Detours of what leaks",
    "stock": "Holding stocks",
    "private_stock": "Private stocks, held and lacking",
    "technology": "Shifting between technologies",
    "recycling": "Recycling",
    "forgone": "Use given up",
    "gained": "Use gained where prices fall",
    "undelivered": "Vehicles and equipment lost",
}


def number(value: float, decimals: int = 0) -> str:
    """A figure with narrow spaces between thousands; an en dash where there is none."""
    if value is None or not math.isfinite(value):
        return NOTHING
    text = f"{abs(value):,.{decimals}f}".replace(",", NARROW)
    return f"{MINUS}{text}" if value < 0 and any(digit in text for digit in "123456789") else text


def significant(value: float, digits: int = 3) -> str:
    """A figure to so many significant digits: four of them from a thousand on, and at most three decimals."""
    if value is None or not math.isfinite(value) or value == 0:
        return NOTHING if value is None or not math.isfinite(value) else "0"
    decimals = min(3, max(0, digits - 1 - math.floor(math.log10(abs(value)))))
    return number(float(f"{value:.4g}"), decimals)


def signed(value: float, decimals: int = 0) -> str:
    """A difference with its sign; zero has none."""
    text = number(value, decimals)
    return f"+{text}" if value > 0 and any(digit in text for digit in "123456789") else text


def percent(share: float, decimals: int = 0) -> str:
    """A share as a percentage."""
    text = number(100 * share, decimals)
    return text if text == NOTHING else f"{text}{NARROW}%"


def billions(musd: float) -> str:
    """The size of million USD in words: billions, or millions where it is less than a billion."""
    size = abs(musd)
    if size < 1000:
        return f"USD{NARROW}{significant(size)} million"
    return f"USD{NARROW}{number(size / 1e3, 1 if size < 1e6 else 0)} billion"


def spoken(name: str) -> str:
    """An id as it is said: `export_ban` is Export ban, `mp_materials` is MP materials."""
    text = name.replace("_", " ").strip()
    if " " not in name:
        text = ACRONYMS.sub(lambda word: word[0].upper(), text)
    return text[:1].upper() + text[1:]


def span(years: Iterable[int]) -> str:
    """Years as ranges: 2026–2028, 2031."""
    ordered = sorted({int(year) for year in years})
    runs: list[list[int]] = []
    for year in ordered:
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)
