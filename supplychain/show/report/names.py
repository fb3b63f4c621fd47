"""Names of ids, as a reader knows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from supplychain.facts.dataset import Dataset
from supplychain.results.short import joined
from supplychain.show.figures.style import places
from supplychain.show.report.words import NARROW, percent, spoken

GROUPS = {
    "feoc": "countries of concern",
    "central_asia": "Central Asia",
    "allies": "allies",
    "eu27": "the EU",
    "gcc": "the Gulf states",
    "each": "each foreign country on its own",
    "all": "all markets",
}
SHARES = ("share", "cut", "collection", "recovery", "surge")
UNITS = {"_musd": "million USD", "_usd_per_t": "USD/t", "_t": "t", "_years": "years"}
PLACES = ("country", "countries", "group", "scope", "against", "market", "markets")


@dataclass(frozen=True)
class Names:
    """Names by id, countries with markets too; and who is in the two groups shown."""

    minerals: Mapping[str, str]
    countries: Mapping[str, str]
    sources: Mapping[str, str]
    technologies: Mapping[str, str]
    projects: Mapping[str, str]
    legs: Mapping[str, str]
    concern: tuple[str, ...]
    asia: tuple[str, ...]

    def mineral(self, name: object) -> str:
        """A mineral's name; blank for none."""
        return self.minerals.get(str(name), spoken(str(name)))

    def place(self, name: object) -> str:
        """A country, a market, a group, or several joined by `+`."""
        parts = [GROUPS.get(part) or self.countries.get(part, spoken(part)) for part in str(name).split("+")]
        return joined(parts)

    def site(self, name: object) -> str:
        """A project's name; `Expansion` for growth of what is there."""
        return self.projects.get(str(name), spoken(str(name)))

    def leg(self, name: object) -> str:
        """A leg of a corridor."""
        return self.legs.get(str(name), spoken(str(name)))

    def places(self, names: Iterable[object]) -> str:
        """Several places in a sentence."""
        return joined([self.place(name) for name in names])


def names_of(known: Dataset) -> Names:
    """The names that the facts give."""
    countries, markets, sources = known["countries"], known["markets"], known["sources"]
    groups, technologies, projects = known["groups"], known["technologies"], known["projects"]
    concern, asia = (tuple(groups.loc[groups["group"] == g, "country"]) for g in ("feoc", "central_asia"))
    return Names(
        minerals=dict(zip(known["minerals"]["mineral"], known["minerals"]["name"], strict=True)),
        countries=dict(zip(markets["market"], markets["name"], strict=True))
        | dict(zip(countries["country"], countries["name"], strict=True))
        # On the page as in the figures, which have shorter names for some.
        | dict(places()["name"]),
        sources=dict(zip(sources["source"], sources["title"], strict=True)),
        technologies=dict(zip(technologies["technology"], technologies["name"], strict=True)),
        projects=dict(zip(projects["project"], projects["name"], strict=True)),
        legs=dict(zip(known["legs"]["leg"], known["legs"]["name"], strict=True)),
        concern=concern,
        asia=asia,
    )


def policy_in_words(policy: Mapping[str, Any], names: Names) -> list[tuple[str, str]]:
    """A policy's fields as (field, value) in words; the kind first, its grounds last."""
    order = {"kind": 0, "source": 2, "assumption": 3}
    fields = sorted(policy.items(), key=lambda item: order.get(item[0], 1))
    return [(_label(field), _value(field, value, names)) for field, value in fields if value is not None]


def _label(field: str) -> str:
    """A field's name with its unit: `budget_musd` is Budget, million USD."""
    for suffix, unit in UNITS.items():
        if field.endswith(suffix):
            return f"{spoken(field.removesuffix(suffix))}, {unit}"
    return spoken(field)


def _value(field: str, value: Any, names: Names) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{_key(key, names)}: {_value(field, one, names)}" for key, one in value.items())
    if field == "years" and isinstance(value, (list, tuple)):
        return f"{value[0]}–{value[-1]}"
    if isinstance(value, (list, tuple)):
        return joined([_value(field, one, names) for one in value])
    return _scalar(field, value, names)


def _key(key: object, names: Names) -> str:
    return str(key) if str(key).isdigit() else names.place(key)


def _scalar(field: str, value: Any, names: Names) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        decimals = 0 if float(100 * value).is_integer() else 1
        plain = f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"
        return percent(value, decimals) if field.endswith(SHARES) else plain.replace(",", NARROW)
    text = str(value).strip()
    if field in PLACES:
        return names.place(text)
    if field in ("mineral", "minerals"):
        return "all" if text == "all" else names.mineral(text)
    if field == "source":
        return names.sources.get(text, text)
    return spoken(text) if field == "kind" else text
