"""How much faster studies are than solving each of their points from scratch; ratios measured in one run.

python benchmarks/studies.py [MINERAL ...]     # default: all minerals, a quarter of an hour on two cores
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from supplychain import read_data
from supplychain.results.unfold import unfold
from supplychain.scenario import scenario
from supplychain.studies.frontier import CAP, capped, frontier
from supplychain.studies.screen import screen
from supplychain.studies.settings import settings, with_setting

LEVELS = [float(level) for level in np.linspace(1.0, 0.1, 20)]
COLD = (0, 10, 19)  # points that are solved from scratch too


def timed(what: Callable[[], Any]) -> tuple[Any, float]:
    """What a function gives, and how many seconds it took."""
    begun = time.perf_counter()
    return what(), time.perf_counter() - begun


def main() -> None:
    """A frontier of twenty points, and the loss of every supplier, beside runs from scratch."""
    known = read_data()
    known = known.only(sys.argv[1:]) if sys.argv[1:] else known
    story = capped(scenario.read("status_quo", known), known, "feoc")
    (setting,) = (found for found in settings(story) if found.policy == CAP)
    cold = [timed(partial(unfold, with_setting(story, setting.at(LEVELS[i])), known)) for i in COLD]
    once = float(np.mean([seconds for _, seconds in cold]))
    found, seconds = timed(lambda: frontier(story, CAP, LEVELS, known))
    costs = found.frontier["cost_musd"]
    off = max(abs(costs[i] / (cold[n][0].solution.objective / 1e6) - 1) for n, i in enumerate(COLD))
    print(f"from scratch: {once:.1f} s a point")
    faster = len(LEVELS) * once / seconds
    print(f"frontier of {len(LEVELS)}: {seconds:.1f} s, {faster:.1f} times as fast; off by {off:.1e}")
    lost, seconds = timed(lambda: screen("status_quo", known, 2030))
    count = len(lost.losses)
    print(f"screen of {count} losses: {seconds:.1f} s, {count * once / seconds:.0f} times as fast")
    for kind, number in lost.losses["kind"].value_counts().items():
        print(f"  {number} {kind}")


if __name__ == "__main__":
    main()
