"""A scenario explained: solved, then asked what its limits cost, who would enter, whether another plan is as cheap."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from supplychain.facts.dataset import Dataset
from supplychain.program.decided import decided
from supplychain.program.equations import build_program
from supplychain.program.equations.security import with_tangents
from supplychain.program.lp import LinearProgram
from supplychain.results.clock import Clock
from supplychain.results.conflicts import in_words
from supplychain.results.package import write_package
from supplychain.results.result import EXPLAINED, Result
from supplychain.results.run import REGION, opened, result_of
from supplychain.results.tabled import Tabled
from supplychain.results.unfold import NoPlan, Solved, unfolding
from supplychain.scenario.news import stages
from supplychain.scenario.policies import Tables
from supplychain.scenario.scenario import Scenario
from supplychain.solve.face import Face
from supplychain.solve.nearby import Nearby
from supplychain.solve.past import Past
from supplychain.studies.engine import beside
from supplychain.studies.explain import words
from supplychain.studies.explain.conflict import Posed, clashing, conflicts, without_others
from supplychain.studies.explain.drivers import drivers
from supplychain.studies.explain.entry import entry
from supplychain.studies.explain.prices import policy_prices
from supplychain.studies.explain.terrain import Terrain
from supplychain.studies.explain.unique import country_ranges, dependence_ranges, headline_ranges, tightened
from supplychain.studies.findings import Step
from supplychain.studies.headlines import CONCERN, worth_of_use
from supplychain.system.build import base_tables, build_system


@dataclass(frozen=True, repr=False)
class Explanation(Tabled):
    """What stands behind a plan, or why there is none.

    Attributes
    ----------
    result : the solved scenario; None where there is no plan.
    tables : by name, as `TABLES` describes them: policy_prices, entry, ranges, country_ranges, headline_ranges,
        drivers, sentences; where there is no plan clashes and sentences. Also as attributes.
    manifest : hashes of scenario and facts, and wall times by part.
    """

    name: str
    title: str
    result: Result | None
    tables: Mapping[str, pd.DataFrame]
    manifest: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return "\n".join([f"{self.name}: {self.title}", *words.in_lines(self.tables["sentences"])])

    def _repr_html_(self) -> str:
        about = self.tables["sentences"]
        told = "".join(
            f"<h5>{escape(section)}</h5><ul>{''.join(f'<li>{escape(s)}</li>' for s in group)}</ul>"
            for section, group in about.groupby("section", sort=False)["sentence"]
        )
        return f"<h4>{escape(self.title)}</h4>{told}"

    def save(self, folder: Path | str) -> Path:
        """Write the tables as a data package of its own, whole or not at all, and return its path."""
        return write_package(
            folder, f"{self.name}-{EXPLAINED}", self.title, self.tables, more={"manifest.json": dict(self.manifest)}
        )


def explain(
    name: str | Path | Scenario,
    data: str | Path | Dataset | None = None,
    step: Step = lambda part: None,
    workers: int = 1,
) -> Explanation:
    """Solve one scenario and explain its plan; where there is none, say which policies clash and what would mend it.

    Parameters
    ----------
    name : path or bare name of a scenario file, or a Scenario that has been read.
    data : a data folder or a Dataset (default: the shipped facts).
    step : is told what is being looked into.
    workers : with more than one, facts are changed in a process of their own while the solver works here.

    Returns
    -------
    Explanation. Of a scenario with news, prices and entries are those of its last stage: what was decided before the
    news stays.

    Raises
    ------
    InputError : the scenario or the data cannot be used.
    """
    known, story = opened(name, data)
    base, clock = base_tables(known, story.years), Clock()
    reached: list[Solved] = []
    try:
        reached += unfolding(story, known, base, clock=clock)
    except NoPlan as error:
        return _no_plan(story, known, base, reached, error, clock)
    return _explained(story, known, base, reached[-1], clock, step, workers)


def _explained(
    story: Scenario, known: Dataset, base: Tables, done: Solved, clock: Clock, step: Step, workers: int
) -> Explanation:
    program, system = done.program, done.system
    result = result_of(known, story, done, clock)
    terrain = Terrain(story, known, base, done.tangents, program.arrays(), done.solver.arrays)
    nearby = Nearby(done.solver)
    step("moving the policies' limits")
    tables = {"policy_prices": policy_prices(terrain, nearby, program.money_unit)}
    clock.stop("prices")
    groups = known["groups"].groupby("group")["country"].agg(list)
    step("pushing sources, looking for plans as cheap, changing facts")
    with beside(workers) as other:
        changed = other.submit(_timed, drivers, story, known, done.solution, worth_of_use(system))
        tables["entry"] = entry(program, system, nearby, groups.get(REGION, []))
        clock.stop("entry")
        tables |= _ranges(program, done, story.years[-1], {g: groups.get(g, []) for g in (CONCERN, REGION)})
        clock.stop("unique")
        tables["drivers"], clock.parts["drivers"] = changed.result()
    clock.stop("waiting")
    result = replace(result, tables=result.tables | {"dependence": tightened(result.dependence, tables["ranges"])})
    tables["sentences"] = words.sentences(tables, known, [stage.year for stage, _ in done.certificates][1:])
    return Explanation(story.name, story.title, result, tables, _manifest(story, known, clock))


def _timed(what: Callable[..., pd.DataFrame], *given: Any) -> tuple[pd.DataFrame, float]:
    """What a function gives, and how many seconds it took."""
    begun = time.perf_counter()
    return what(*given), round(time.perf_counter() - begun, 4)


def _ranges(
    program: LinearProgram, done: Solved, year: int, groups: Mapping[str, list[str]]
) -> dict[str, pd.DataFrame]:
    face = Face.of(done.solution, program.money_unit)
    countries = country_ranges(program, face, [year])
    ranges = dependence_ranges(program, face, countries, groups)
    return {"ranges": ranges, "country_ranges": countries, "headline_ranges": headline_ranges(ranges)}


def _no_plan(
    story: Scenario, known: Dataset, base: Tables, reached: list[Solved], error: NoPlan, clock: Clock
) -> Explanation:
    """What clashes in the first stage that has no plan: each conflict as if the others' policies were dropped."""
    stage = list(stages(story))[len(reached)]

    @cache
    def posed(dropped: frozenset[str]) -> Posed:
        left = {name: policy for name, policy in stage.story.policies.items() if name not in dropped}
        told = replace(stage.story, policies=left)
        system = build_system(known, told, base)
        program = with_tangents(build_program(system), system, error.tangents)
        whole = program.arrays()
        now = Past.of(reached[-1].solution, program, decided(program, stage.year)).arrays if reached else whole
        return system, program, Terrain(told, known, base, error.tangents, whole, now)

    faults, tables = list(conflicts(posed, error)), []
    for i, fault in enumerate(faults, 1):
        system, program, terrain = posed(frozenset(name for other in faults if other is not fault for name in other))
        own = without_others(terrain, fault, program)
        why = in_words(program, system, own) if own else str(error)
        clashes = clashing(terrain, fault)
        tables.append((clashes.assign(conflict=i), words.of_conflict(clashes, why)))
    clock.stop("conflict")
    clashes, sentences = (pd.concat(parts, ignore_index=True) for parts in zip(*tables, strict=True))
    found = {"clashes": clashes, "sentences": sentences}
    return Explanation(story.name, story.title, None, found, _manifest(story, known, clock))


def _manifest(story: Scenario, known: Dataset, clock: Clock) -> dict[str, Any]:
    return {"scenario": {"name": story.name, "sha256": story.digest}, "data": {"sha256": known.digest}} | {
        "seconds": clock.parts
    }
