"""How much faster an ensemble is on two processes than on one: `python benchmarks/ensemble.py [RUNS [MINERAL ...]]`.

The same ensemble of `status_quo` on a few minerals, on one process and on two, by turns; the tables must be the same.
Told are seconds a run from the first run to the last, so without the solve at the facts as they are, which one process
does, and the start of the workers; and seconds of the whole. Of several rounds the quickest counts, which others on the
machine have disturbed least. The bound to keep is 1.6 times between the first.
"""

import os
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

from supplychain import Dataset, LeftOutWarning, ensemble, read_data, read_scenario

RUNS, ROUNDS, MINERALS, BOUND = 12, 3, ["gallium"], 1.6


def timed(known: Dataset, runs: int, workers: int, folder: Path) -> tuple[float, float, bytes]:
    """Seconds a run once the workers are up, seconds of the whole, and the table of the runs."""
    begun, ends = time.perf_counter(), {}

    def step(what: str, done: int, of: int | None) -> None:
        if what == "solving":
            ends[done] = time.perf_counter()

    ensemble(read_scenario("status_quo", known), folder, runs, 1, known, workers=workers, step=step)
    whole = time.perf_counter() - begun
    each = (ends[runs] - ends[workers]) / (runs - workers)
    return each, whole, (folder / "runs.csv").read_bytes()


def main() -> None:
    """Both, printed, and how busy the machine was."""
    warnings.simplefilter("ignore", LeftOutWarning)
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    known, tables = read_data().only(sys.argv[2:] or MINERALS), set()
    each, whole = {1: np.inf, 2: np.inf}, {1: np.inf, 2: np.inf}
    for workers in (1, 2) * ROUNDS:
        with tempfile.TemporaryDirectory() as folder:
            *seconds, table = timed(known, runs, workers, Path(folder) / "status_quo")
        print(f"{workers} process(es): {seconds[0]:.2f} s a run, {seconds[1]:.1f} s in all")
        each[workers], whole[workers] = min(each[workers], seconds[0]), min(whole[workers], seconds[1])
        tables.add(table)
    assert len(tables) == 1, "other tables with two processes than with one"
    faster = f"{each[1] / each[2]:.2f} times as fast (bound {BOUND}), in all {whole[1] / whole[2]:.2f} times"
    print(f"two processes: {faster}; load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
