"""Prices of policies against solving again, and what explaining a plan takes beside solving it.

Run it with `python benchmarks/explained.py`: every policy that binds on a few minerals of a shipped scenario is moved a
little, each way, and further than its price holds, and the scenario is solved again each time; then `status_quo` is
explained, part by part.
"""

from __future__ import annotations

import os
import time
import warnings

import numpy as np

from supplychain import Dataset, InfeasibleError, LeftOutWarning, explain, read_data, read_scenario
from supplychain.results.unfold import unfold
from supplychain.solve.nearby import Nearby
from supplychain.studies.explain.prices import policy_prices
from supplychain.studies.explain.terrain import Terrain
from supplychain.studies.settings import Setting, moved, settings
from supplychain.system.build import base_tables

CASES = {
    "status_quo": ["uranium"],
    "diversify_away": ["gallium", "tungsten"],
    "congo_quota": ["cobalt"],
    "tungsten_venture": ["tungsten"],
    "stockpile": ["gallium", "tungsten"],
    "g20_miami": ["gallium", "antimony", "titanium"],
    "friends_first": ["lithium"],
    "export_ban": ["germanium", "gallium", "bismuth", "tungsten", "antimony", "graphite"],
    "recycle_and_substitute": ["neodymium", "dysprosium", "terbium"],
}
SMALL, LARGE = 1e-5, 0.02  # of a setting's size: a step within every range, and what a step beyond has more
FURTHER = 3  # ranges
PARTS = ("prices", "entry", "unique", "drivers")


def tried(known: Dataset, name: str) -> int:
    """Print each binding policy of a scenario; how many there are."""
    told = read_scenario(name, known)
    base = base_tables(known, told.years)
    done = unfold(told, known, base)
    terrain = Terrain(told, known, base, done.tangents, done.program.arrays(), done.solver.arrays)
    table = policy_prices(terrain, Nearby(done.solver), done.program.money_unit).set_index("policy")
    count = 0
    for setting in settings(told):
        row, errors, beyond = table.loc[setting.policy], [], []

        def off(way: int, step: float, price: float, setting: Setting = setting) -> float:
            """By how much the cost's change differs from price times step, relative to it."""
            try:
                again = unfold(moved(told, setting, way * step), known, base).solution.objective
            except InfeasibleError:
                return np.inf
            return (again - done.solution.objective) / (price * step) - 1

        for way, side in ((1, "more"), (-1, "less")):
            price, holds = row[f"{side}_usd"], row[f"{side}_holds"]
            if price and np.isfinite(price):
                errors.append(off(way, min(SMALL * setting.size, 0.5 * holds), price))
                if np.isfinite(holds):
                    beyond.append(abs(off(way, FURTHER * holds + LARGE * setting.size, price)))
        if errors:
            count += 1
            # A share's supply may move with it: where both ways have one price, its bend cancels out.
            within = abs(sum(errors)) / len(errors) if row["single"] else max(map(abs, errors))
            price = row["more_usd"] if np.isfinite(row["more_usd"]) else row["less_usd"]
            far = ", ".join(f"{by:.0e}" for by in beyond)
            print(f"{name}: {setting.policy}, {price:,.0f} USD per {row['unit']}; off by {within:.0e}, beyond by {far}")
    return count


def main() -> None:
    """Both, printed."""
    warnings.simplefilter("ignore", LeftOutWarning)
    known = read_data()
    count = sum(tried(known.only(minerals), name) for name, minerals in CASES.items())
    print(f"{count} policies that bind")
    begun = time.perf_counter()
    spent = explain("status_quo", known, workers=os.cpu_count() or 1).manifest["seconds"]
    whole = time.perf_counter() - begun
    cold = spent["solve"]
    for part in PARTS:
        print(f"{part}: {spent[part]:.0f} s, {spent[part] / cold:.1f} cold solves")
    print(f"solved and explained in {whole:.0f} s, {whole / cold:.1f} cold solves of {cold:.0f} s")


if __name__ == "__main__":
    main()
