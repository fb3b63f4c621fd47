"""What the takeaways of figures are made of: counts, shares and sentences."""

from __future__ import annotations

SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
CEILING = 10.0  # times the normal price, where most uses stop; beyond it a figure would only seem exact
AT_END = CEILING - 0.05  # from here on a multiple is said as `10×+`
DOES = {"mine": "mines", "refine": "refines", "fabricate": "makes", "supplier": "sells"}
STOPS = "10×+: most uses stop"


def cardinal(count: int) -> str:
    """A count in words up to twelve, in digits from there on."""
    return SMALL[count] if count < len(SMALL) else str(count)


def counted(count: int, one: str, several: str = "") -> str:
    """So many of something: `no mineral is`, `one mineral is`, `two minerals are`.

    Parameters
    ----------
    one, several : what follows the number, verb and all; several is `one` with an s where it is not given.
    """
    return f"{cardinal(count)} {one if count < 2 else several or one + 's'}"


def foremost(name: str, of: int) -> str:
    """The first of several by name: `tin most`; of one, `tin`."""
    return f"{name} most" if of > 1 else name


def sentence(*parts: str) -> str:
    """Parts that say something, with semicolons between them, the first letter large."""
    text = "; ".join(part for part in parts if part)
    return text[:1].upper() + text[1:]


def in_words(name: str) -> str:
    """A mineral inside a sentence."""
    return name.replace("_", " ").lower()


def percent(value: float) -> str:
    """A percentage for a sentence."""
    return f"{value:.0f} percent" if value >= 1 or value == 0 else "under one percent"


def multiple(value: float) -> str:
    """How many times the normal price: one decimal, and no more than `10×+`."""
    return f"{value:.1f}×" if value < AT_END else "10×+"


def points(value: float) -> str:
    """Percentage points for a sentence, with a decimal where they are few."""
    return f"{value:.0f} points" if value >= 1.5 else f"{value:.1f} points"


def signed(value: float, decimals: int = 1) -> str:
    """A difference with its sign, a real minus; what rounds to nought has none."""
    text = f"{abs(value):,.{decimals}f}"
    if not float(text.replace(",", "")):
        return text
    return ("+" if value > 0 else "−") + text


def money(busd: float) -> str:
    """Billion USD in words, millions where it is less than one."""
    size = abs(busd)
    return f"{size:,.1f} billion USD" if size >= 0.95 else f"{1e3 * size:,.3g} million USD"
