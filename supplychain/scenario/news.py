"""A scenario unfolds: what is known at first, and what each piece of news adds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from supplychain.scenario.scenario import Scenario


@dataclass(frozen=True)
class Stage:
    """A scenario as far as it is known from a year on.

    Attributes
    ----------
    year : in which the news came; the base year for what was known all along.
    news : ids of the policies that became known in it, or of which more did.
    """

    year: int
    news: tuple[str, ...]
    story: Scenario


def stages(story: Scenario) -> Iterator[Stage]:
    """The scenario without its news, then with those of each year, one after another; the last is the whole."""
    first = story.years[0]
    known = {name: max(policy.news(story.years) or first, first) for name, policy in story.policies.items()}
    later = {name: policy.later_news() for name, policy in story.policies.items()}
    years = {first, *known.values()} | {year for year in later.values() if year is not None and year in story.years}
    for year in sorted(years):
        told = {name: policy.as_known(year) for name, policy in story.policies.items() if known[name] <= year}
        news = tuple(name for name in told if first < year in (known[name], later[name]))
        yield Stage(year, news, replace(story, policies=told))
