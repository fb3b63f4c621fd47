"""What the model costs beyond its solver: `status_quo` end to end over HiGHS alone on the finished arrays, in one run.

Run it with `make bench`. The end-to-end time holds reading, building, solving, breaking ties and writing the tables,
without figures; the bound to keep is 1.5 times the solver's time plus one second.
"""

import tempfile
import time
from pathlib import Path

from supplychain import model, read_data, read_scenario, run
from supplychain.solver import Solver
from supplychain.system import build_system

data = read_data()
start = time.perf_counter()
result = run("status_quo")
with tempfile.TemporaryDirectory() as folder:
    result.save(Path(folder) / "status_quo")
whole = time.perf_counter() - start

solver = Solver(model.build_program(build_system(data, read_scenario("status_quo", data))))
start = time.perf_counter()
solver.solve()
alone = time.perf_counter() - start

print(f"columns {result.manifest['columns']:,}, rows {result.manifest['rows']:,}")
print("parts, seconds:", ", ".join(f"{name} {seconds:.2f}" for name, seconds in result.manifest["seconds"].items()))
print(f"end to end {whole:.1f} s, HiGHS alone {alone:.1f} s: {whole / alone:.2f} times; bound {1.5 * alone + 1:.1f} s")
