"""The ensemble as a whole: facts drawn, runs done by whoever is there to do them, and what they say together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from supplychain.facts.dataset import Dataset
from supplychain.facts.errors import Fault, InputError
from supplychain.program.lp import Floats
from supplychain.results.kept import code_digest
from supplychain.results.result import Result
from supplychain.results.run import Shared, opened, solve
from supplychain.scenario.scenario import Scenario
from supplychain.studies.engine import as_done, engine
from supplychain.studies.ensemble import draws
from supplychain.studies.ensemble.bands import bands, spread
from supplychain.studies.ensemble.ranks import ranks
from supplychain.studies.ensemble.rows import Rows, begun, check, finished
from supplychain.studies.ensemble.runs import Model, Row, failed, row
from supplychain.studies.ensemble.uncertain import factors
from supplychain.studies.findings import Findings, about

Step = Callable[[str, int, int | None], object]
ENSEMBLE = "ensemble"


def ensemble(
    name: str | Path | Scenario,
    folder: str | Path,
    runs: int = 1000,
    seed: int = 1,
    data: str | Path | Dataset | None = None,
    *,
    method: draws.Method = "latin",
    workers: int | str = 1,
    resume: bool = False,
    step: Step = lambda what, done, of: None,
) -> Findings:
    """Solve a scenario many times, each time with other facts from within their published ranges.

    Each run's row is written to `folder`/runs/ as soon as it is done; at the end the tables, which do not depend on who
    does the runs, stand in `folder`. Processes are started afresh, so a script that calls this
    has its own doings below `if __name__ == "__main__"`.

    Parameters
    ----------
    name : path or bare name of a scenario file, or a Scenario that has been read.
    folder : of this ensemble, and of nothing else.
    runs, seed : how many, and of which chance. method : `latin` (hypercube) or `sobol`, whose number is a power of two.
    data : a data folder or a Dataset (default: the shipped facts).
    workers : so many processes, or the address of a Dask scheduler whose workers do the runs.
    resume : go on with an ensemble that was interrupted. step : is told what is done, and how many runs of how many.

    Returns
    -------
    Findings with the tables `runs` (status and headline figures), `yearly`, `draws` (run, factor, quantile), `spread`
    and `bands` (quantiles of the headline figures, and year by year), `ranks` (what they hang on).

    Raises
    ------
    InputError : scenario, data or folder cannot be used, or no fact has a range. InfeasibleError : there is no plan at
    the facts as they are. ValueError : a number of Sobol points that is no power of two.
    """
    known, story = opened(name, data)
    asked = _Asked.of(story, known, runs, seed, method)
    check(Path(folder), asked.manifest, resume)
    there = finished(Path(folder), asked.manifest) if resume else None
    return asked.found(there) if there else _solved(asked, Path(folder), workers, step)


@dataclass(frozen=True)
class _Asked:
    """What makes an ensemble this one and no other."""

    model: Model
    quantiles: Floats
    manifest: dict[str, Any]

    @classmethod
    def of(cls, story: Scenario, known: Dataset, runs: int, seed: int, method: draws.Method) -> _Asked:
        uncertain = factors(known)
        if not uncertain:
            raise InputError([Fault(known.path, 1, 1, "no fact has a range in `low` and `high`: nothing is uncertain")])
        names = [factor.name for factor in uncertain]
        manifest = about(story, known, runs=runs, seed=seed, method=method, factors=names) | {"code": code_digest()}
        # A part of the facts remembers the whole; the workers need not.
        lean = Dataset(known.path, known.tables, known.money, known.digest)
        return cls(Model(story, lean, uncertain), draws.points(runs, len(uncertain), seed, method), manifest)

    def found(self, tables: dict[str, pd.DataFrame]) -> Findings:
        """What the ensemble says, with what was asked."""
        return Findings(ENSEMBLE, self.model.story.name, self.model.story.title, tables, self.manifest)


def _solved(asked: _Asked, folder: Path, workers: int | str, step: Step) -> Findings:
    """The ensemble, written, once the runs that are not there yet are done."""
    step("solving at the facts as they are", 0, None)
    model = asked.model
    result, start = solve(model.story, Shared(model.known))
    done = begun(folder, model.story.title, asked.manifest)
    _fill(done, replace(model, start=start), asked.quantiles, workers, step)
    found = asked.found(_tables(done.read(), asked, result))
    found.save(folder)
    return found


def _fill(done: Rows, model: Model, quantiles: Floats, workers: int | str, step: Step) -> None:
    """Does the runs whose rows are not there yet."""
    runs = len(quantiles)
    left = sorted(set(range(1, runs + 1)) - done.done())
    step("solving", runs - len(left), runs)
    try:
        with engine(workers, len(left)) as (pool, at_once):
            jobs = ((run, quantiles[run - 1]) for run in left)
            for count, ((run, _), future) in enumerate(as_done(pool, at_once, model.row, jobs), runs - len(left) + 1):
                done.write(_row(run, future))
                step("solving", count, runs)
    except (BrokenExecutor, CancelledError):
        said = f"a worker ended by itself; {len(done.done())} of {runs} runs are kept: --resume goes on"
        raise InputError([Fault(done.folder.parent, 1, 1, said)]) from None


def _row(run: int, future: Future[Row]) -> Row:
    """The row of a run that is done, with or without an answer."""
    error = future.exception()
    if isinstance(error, BrokenExecutor):
        raise error
    return failed(run, error) if error else future.result()


def _tables(found: Sequence[Row], asked: _Asked, result: Result) -> dict[str, pd.DataFrame]:
    """What the rows say together, beside the result at the facts as they are."""
    central = row(0, result)
    summary = result.tables["summary"].assign(value=lambda table: table["metric"].map(central))
    central_years = pd.DataFrame(central["years"])
    runs = pd.DataFrame(found).reindex(columns=["run", "status", *summary["metric"]])
    years = [{"run": run["run"], **year} for run in found for year in run["years"]]
    yearly = pd.DataFrame(years, columns=["run", *central_years])
    return {
        "runs": runs,
        "spread": spread(runs, summary),
        "yearly": yearly,
        "bands": bands(yearly, central_years),
        "ranks": ranks(runs, asked.quantiles, asked.model.uncertain),
        "draws": draws.table(asked.quantiles, asked.model.uncertain),
    }
