"""What the model costs beyond its solver: `status_quo` end to end over HiGHS alone on the finished arrays, in one run.

Run it with `make bench`. The end-to-end time holds reading, building, solving, breaking ties and writing the tables,
without figures; the bound to keep is 1.5 times HiGHS's own time plus one second. HiGHS alone starts from its own basis;
beside it stands the time from the basis of the program's blocks, which is what a run takes. The last line says how long
`supplychain --help` takes over the import of the library that draws it; the bound to keep is three times.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from supplychain import read_data, read_scenario, run
from supplychain.program import equations as model
from supplychain.solve.highs import Solver
from supplychain.system.build import build_system


def seconds_to_solve(solver: Solver) -> float:
    """Wall time of one solve."""
    start = time.perf_counter()
    solver.solve()
    return time.perf_counter() - start


def seconds_to_start(*arguments: str, times: int = 5) -> float:
    """Median wall time of Python from its start to its end with these arguments."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


door = seconds_to_start("-c", "from supplychain.cli import app; app(['--help'])")
typer = seconds_to_start("-c", "import typer")

data = read_data()
start = time.perf_counter()
result = run("status_quo")
with tempfile.TemporaryDirectory() as folder:
    result.save(Path(folder) / "status_quo")
whole = time.perf_counter() - start

program = model.build_program(build_system(data, read_scenario("status_quo", data)))
alone, started = Solver(program), Solver(program)
links, guess = np.zeros_like(alone.arrays.links), np.full_like(alone.arrays.guess, np.nan)
alone.arrays = replace(alone.arrays, links=links, guess=guess)
plain, from_blocks = seconds_to_solve(alone), seconds_to_solve(started)

print(f"columns {result.manifest['columns']:,}, rows {result.manifest['rows']:,}")
print("parts, seconds:", ", ".join(f"{name} {seconds:.2f}" for name, seconds in result.manifest["seconds"].items()))
print(f"end to end {whole:.1f} s, HiGHS alone {plain:.1f} s: {whole / plain:.2f} times; bound {1.5 * plain + 1:.1f} s")
print(f"HiGHS from the blocks' bases {from_blocks:.1f} s")
print(f"supplychain --help {door:.2f} s, import typer {typer:.2f} s: {door / typer:.2f} times; bound 3 times")
