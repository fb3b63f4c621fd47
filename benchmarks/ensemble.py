"""How much faster an ensemble is on two processes than on one: `python benchmarks/ensemble.py [RUNS [MINERAL ...]]`.

The same ensemble of `status_quo` on a few minerals, on one process and on two; the tables must be the same. Told are
wall times from the first run to the last, so without reading the facts, the solve at the facts as they are, which one
process does, and the start of the workers; and of the whole. The bound to keep is 1.6 times between the first.
"""

import os
import sys
import tempfile
import time
import warnings
from pathlib import Path

from supplychain import Dataset, LeftOutWarning, ensemble, read_data, read_scenario

RUNS, MINERALS, BOUND = 24, ["gallium"], 1.6


def timed(known: Dataset, runs: int, workers: int, folder: Path) -> tuple[float, float, bytes]:
    """Seconds a run once the workers are up, seconds of the whole, and the table of the runs."""
    begun, ends = time.perf_counter(), {}

    def step(what: str, done: int, of: int | None) -> None:
        if what == "solving":
            ends[done] = time.perf_counter()

    ensemble(read_scenario("status_quo", known), folder, runs, 1, known, workers=workers, step=step)
    whole, first = time.perf_counter() - begun, max(workers, 1)
    each = (ends[runs - workers + 1] - ends[first]) / (runs - workers + 1 - first)
    return each, whole, (folder / "ensemble" / "runs.csv").read_bytes()


def main() -> None:
    """Both, printed, and how busy the machine was besides."""
    warnings.simplefilter("ignore", LeftOutWarning)
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    known, told = read_data().only(sys.argv[2:] or MINERALS), {}
    for workers in (1, 2):
        print(f"load before: {os.getloadavg()[0]:.1f}")
        with tempfile.TemporaryDirectory() as folder:
            told[workers] = timed(known, runs, workers, Path(folder) / "status_quo")
        print(f"{workers} process(es): {told[workers][0]:.2f} s a run, {told[workers][1]:.1f} s in all")
    assert told[1][2] == told[2][2], "other tables with two processes than with one"
    (one, all_one, _), (two, all_two, _) = told[1], told[2]
    print(f"two processes: {one / two:.2f} times as fast (bound {BOUND}), in all {all_one / all_two:.2f} times")


if __name__ == "__main__":
    main()
