"""A scenario on a part of the facts: what it says of minerals or projects that are left out is dropped, and told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from supplychain.facts.dataset import Dataset
from supplychain.facts.errors import Fault
from supplychain.scenario.policies import Policy

MOST_NAMED = 4  # in one warning; the rest are counted


def fitted(policies: Mapping[str, Policy], part: Dataset) -> dict[str, Policy]:
    """The policies without the names that the part of the facts leaves out; those of which nothing is left are gone."""
    return {name: fields for name, policy in policies.items() if (fields := _fitted(policy, part)) is not None}


def _fitted(policy: Policy, part: Dataset) -> Policy | None:
    left = {field: _kept(getattr(policy, field), gone) for field, gone in _left_out(policy, part).items()}
    # An empty list would read as no choice at all, and so as everything.
    return policy.model_copy(update=left) if all(left.values()) else None


def _kept(value: str | list[str], gone: list[str]) -> list[str]:
    return [name for name in value if name not in gone] if isinstance(value, list) else []


def _left_out(policy: Policy, part: Dataset) -> dict[str, list[str]]:
    """By field, the names that the part does not hold."""
    found: dict[str, list[str]] = {}
    for field, _, name, named in policy.names():
        if name not in named.known(part):
            found.setdefault(field, []).append(name)
    return found


def told(policies: Mapping[str, Policy], part: Dataset, where: Callable[..., tuple[Path, int, int]]) -> Iterator[Fault]:
    """A warning for each field of a policy that names what the part leaves out, at the field's place.

    Parameters
    ----------
    policies : as the scenario's file has them. where : file, line and column of a policy's field.
    """
    left = fitted(policies, part)
    for name, policy in policies.items():
        for field, gone in _left_out(policy, part).items():
            what = "goes on without" if name in left else "is left out: these facts do not hold"
            more = f" and {len(gone) - MOST_NAMED} more" if len(gone) > MOST_NAMED else ""
            names = ", ".join(gone[:MOST_NAMED]) + more
            yield Fault(*where(name, field), f"warning: policy {name!r} {what} {names} ({field})")
