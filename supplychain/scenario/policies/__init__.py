"""Policies: each kind is a small class in the room of its subject, listed in that room's `KINDS`."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from supplychain.scenario.policies import demand, finance, limits, logistics, security, shocks, trade
from supplychain.scenario.policies.base import ALL, MineralPolicy, Policy, Stage, Tables, Year, by_year
from supplychain.scenario.policies.finance import InvestmentFund
from supplychain.scenario.policies.limits import SupplierCap, SupplierFloor
from supplychain.scenario.policies.trade import ExportBan

ROOMS = (limits, security, trade, shocks, finance, logistics, demand)
KINDS: tuple[type[Policy], ...] = tuple(kind for room in ROOMS for kind in room.KINDS)

if TYPE_CHECKING:
    AnyPolicy = Policy
else:
    AnyPolicy = Annotated[reduce(or_, KINDS), Field(discriminator="kind")]


def kind_of(policy: type[Policy]) -> str:
    """The name under which scenario files know a kind."""
    annotation: Any = policy.model_fields["kind"].annotation
    return str(annotation.__args__[0])


def apply(policies: dict[str, Policy], tables: Tables, dataset: Any, horizon: range) -> Tables:
    """The system's tables after every policy, in order, has edited them."""
    for name, policy in policies.items():
        tables = tables | policy.edit(name, tables, dataset, horizon)
    return tables


__all__ = [
    "ALL",
    "KINDS",
    "ROOMS",
    "AnyPolicy",
    "ExportBan",
    "InvestmentFund",
    "MineralPolicy",
    "Policy",
    "Stage",
    "SupplierCap",
    "SupplierFloor",
    "Tables",
    "Year",
    "apply",
    "by_year",
    "kind_of",
]
