"""The page's fixed tables: all scenarios, what binds, the public bill, sources, estimates, certificates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from supplychain.facts.dataset import Dataset, coverage
from supplychain.facts.reading import schema
from supplychain.show.report.binding import bound_policies, full_corridors, scarce_capacity, tight_byproducts
from supplychain.show.report.cases import GROUPS, Case
from supplychain.show.report.grids import TOP, Cell, Grid, figure, headed, rounded, share, sortable, words
from supplychain.show.report.names import Names
from supplychain.show.report.words import NOTHING, STAGES, number, signed, significant, span, spoken


def scenarios(cases: Sequence[Case]) -> Grid:
    """Every scenario, what it costs and on whom the United States then depends."""
    if not cases[0].in_dollars:
        rows = [[words(c.title), words(GROUPS[c.group]), rounded(c.result.objective, 6)] for c in cases]
        unit = cases[0].result.manifest["data"]["money"]
        return Grid("Every scenario", [("Scenario", False), ("Kind", False), (f"Cost, {unit}", True)], rows)
    last = cases[0].years[-1]
    head = [
        ("Scenario", False),
        ("Kind", False),
        ("Resource cost, bn USD", True),
        ("More than reference, bn USD", True),
        ("More rents, bn USD", True),
    ]
    head += [("Public money, bn USD", True), ("Tariff revenue, bn USD", True), ("US bill, bn USD", True)]
    head += [
        (f"Largest supplier {last}", True),
        (f"Countries of concern {last}", True),
        (f"Central Asia {last}", True),
        ("Minerals short", True),
    ]
    head += [("Vehicles lost", True), ("GW lost", True)]
    return Grid("Every scenario", head, [_scenario(case, cases[0]) for case in cases])


def _scenario(case: Case, reference: Case) -> list[Cell]:
    if not case.in_dollars:
        return [words(case.title), words(GROUPS[case.group]), *[Cell(NOTHING, "")] * 12]
    row = case.row
    extra = row["cost_busd"] - reference.row["cost_busd"]
    cells = [words(case.title), words(GROUPS[case.group]), figure(row["cost_busd"], 1), Cell(signed(extra, 2), extra)]
    rents = row["rents_busd"] - reference.row["rents_busd"]
    cells += [Cell(signed(rents, 2), rents), figure(row["public_busd"], 2), figure(row["revenue_busd"], 2)]
    cells += [figure(row["us_bill_busd"], 1)]
    cells += [share(row[column]) for column in ("top_share", "feoc_share", "central_asia_share")]
    vehicles = row["vehicles_lost"]
    return [*cells, figure(row["short"]), Cell(number(round(vehicles, -2)), vehicles), figure(row["gw_lost"], 1)]


def binding(case: Case, names: Names) -> list[Grid]:
    """What binds in one scenario, in as many tables as there is something to say in."""
    grids = [_policies(case, names), _plants(case, names), _corridors(case, names), _byproducts(case, names)]
    return [grid for grid in grids if grid.rows]


def _policies(case: Case, names: Names) -> Grid:
    table = bound_policies(case)
    head = [("Policy", False), ("Mineral", False), ("On", False), ("Binds in", False)]
    head += [("Limit", True), ("Dearest year", True)]
    head += [("Shadow price, USD", True), ("per", False), ("USD per tonne", True), ("of normal price", True)]
    rows = [_policy(row, names) for row in table.head(TOP).itertuples()]
    return Grid(headed("Policies that bind", len(table)), head, rows)


def _policy(row: Any, names: Names) -> list[Cell]:
    mineral = names.mineral(row.mineral) if row.mineral else "all together"
    stage = f", {STAGES[row.stage].lower()}" if row.stage in STAGES else ""
    cells = [words(spoken(row.policy)), words(f"{mineral}{stage}"), words(_scope(row, names))]
    cells += [words(row.years or NOTHING), _limit(row.asked, row.unit)]
    year = Cell(NOTHING, "") if pd.isna(row.year) else Cell(str(int(row.year)), float(row.year))
    cells += [year, rounded(row.shadow_price), words(_per(row.unit))]
    return [*cells, rounded(row.shadow_price_usd_per_t), share(row.of_price, 0)]


def _scope(row: Any, names: Names) -> str:
    return names.place(row.scope) if row.scope else NOTHING


def _limit(value: float, unit: str) -> Cell:
    """A limit in the policy's own unit: a share, an index, tonnes, or money."""
    if "percentage point" in unit:
        return share(value)
    said = significant(value)
    if "HHI" in unit:
        return Cell(said, sortable(value))
    return Cell(said if said == NOTHING else f"{said} {'m USD' if 'fund' in unit else 't'}", sortable(value))


def _per(unit: str) -> str:
    return unit.split(",")[0].removeprefix("USD per ")


def _plants(case: Case, names: Names) -> Grid:
    table = scarce_capacity(case)
    head = [("Place", False), ("Mineral", False), ("Stage", False), ("Full in", False), ("Dearest year", True)]
    head += [("Capacity, t/yr", True), ("Worth of one more t/yr, USD", True), ("of normal price", True)]
    rows = [_plant(r, names) for r in table.head(TOP).itertuples()]
    return Grid(headed("Mines and plants that run full", len(table)), head, rows)


def _plant(row: Any, names: Names) -> list[Cell]:
    cells = [
        words(names.place(row.country)),
        words(names.mineral(row.mineral)),
        words(STAGES.get(row.stage, row.stage)),
    ]
    cells += [words(row.years), Cell(str(row.year), float(row.year)), rounded(row.existing_t)]
    return [*cells, rounded(row.scarcity_rent_usd_per_t), share(row.of_price, 0)]


def _corridors(case: Case, names: Names) -> Grid:
    table = full_corridors(case)
    head = [("Leg", False), ("Corridor", False), ("Full in", False), ("Year shown", True), ("Capacity, t/yr", True)]
    head += [("Other cargo, t", True), ("These minerals, t", True), ("Load", True), ("Shadow price, USD/t", True)]
    rows = [_leg(r, names) for r in table.itertuples()]
    return Grid("Corridors out of Central Asia", head, rows)


def _leg(row: Any, names: Names) -> list[Cell]:
    cells = [words(names.leg(row.leg)), words(spoken(str(row.corridor))), words(row.years or NOTHING)]
    cells += [Cell(str(row.year), float(row.year)), rounded(row.capacity_t), rounded(row.background_t)]
    return [*cells, rounded(row.used_t), share(row.load, 0), rounded(row.shadow_price_usd_per_t)]


def _byproducts(case: Case, names: Names) -> Grid:
    table = tight_byproducts(case)
    head = [("By-product", False), ("Stage", False), ("Place", False), ("Tight in", False), ("Dearest year", True)]
    head += [("Its hosts give, t", True), ("Won, t", True), ("Shadow price, USD/t", True), ("of normal price", True)]
    rows = [_byproduct(r, names) for r in table.head(TOP).itertuples()]
    return Grid(headed("By-products of which hosts give no more", len(table)), head, rows)


def _byproduct(row: Any, names: Names) -> list[Cell]:
    cells = [
        words(names.mineral(row.mineral)),
        words(STAGES.get(row.stage, row.stage)),
        words(names.place(row.country)),
    ]
    cells += [words(row.years), Cell(str(row.year), float(row.year)), rounded(row.available_t), rounded(row.used_t)]
    return [*cells, rounded(row.shadow_price_usd_per_t), share(row.of_price, 0)]


def public_bill(cases: Sequence[Case]) -> Grid:
    """What the treasury pays, by scenario and policy, over all years and in the dearest."""
    head = [("Policy", False), ("Scenario", False), ("Kind", False), ("For", False), ("Years", False)]
    head += [("All years, million USD", True), ("Dearest year", True), ("in it, million USD", True)]
    rows = [row for case in cases for row in _bills(case)]
    return Grid("What the treasury pays, all scenarios, not discounted", head, rows)


def _bills(case: Case) -> Iterable[list[Cell]]:
    table = case.table("public")
    for (policy, kind, item), part in table.groupby(["policy", "kind", "item"]) if len(table) else ():
        paid = part[part["musd"] != 0]
        if len(paid):
            yearly = paid.groupby("year")["musd"].sum()
            dearest = int(yearly.abs().idxmax())
            cells = [words(spoken(str(policy))), words(case.title), words(spoken(str(kind))), words(spoken(str(item)))]
            cells += [words(span(yearly.index)), rounded(float(yearly.sum())), Cell(str(dearest), float(dearest))]
            yield [*cells, rounded(float(yearly[dearest]))]


def certificates(cases: Sequence[Case]) -> Grid:
    """The certificate of each scenario: what was measured on the solved program, and what it was made from."""
    head = [("Scenario", False), ("Status", False), ("Primal residual", True), ("Dual residual", True), ("Gap", True)]
    head += [("Mass balance, worst", True), ("Columns", True), ("Rows", True), ("Seconds", True)]
    head += [("Scenario hash", False), ("Facts hash", False), ("Made with", False)]
    return Grid("Certificates", head, [_certificate(case) for case in cases])


def _certificate(case: Case) -> list[Cell]:
    manifest = case.result.manifest
    balance = max((float(v) for v in (manifest.get("mass_balance") or {}).values()), default=float("nan"))
    seconds = {name: float(value) for name, value in (manifest.get("seconds") or {}).items() if name != "highs"}
    cells = [words(case.title), words(manifest.get("status", NOTHING))]
    cells += [_tiny(manifest.get(key)) for key in ("primal_residual", "dual_residual", "gap")]
    cells += [_tiny(balance), figure(manifest.get("columns", float("nan"))), figure(manifest.get("rows", float("nan")))]
    cells += [figure(sum(seconds.values()), 1), words(_short_hash(manifest.get("scenario", {}).get("sha256")))]
    cells += [words(_short_hash(manifest.get("data", {}).get("sha256")))]
    software = (manifest.get("solver", ""), f"supplychain {manifest.get('supplychain', '')}".strip())
    return [*cells, words(", ".join(software))]


def _tiny(value: float | None) -> Cell:
    """A residual, as a power of ten."""
    return Cell(NOTHING, "") if value is None or pd.isna(value) else Cell(f"{value:.1e}", float(value))


def _short_hash(digest: str | None) -> str:
    return str(digest)[:12] if digest else NOTHING


def sources(known: Dataset) -> Grid:
    """Every source and how many rows of the facts rest on it, the most used first."""
    uses = pd.concat([t["source"] for name, t in known.tables.items() if "source" in t and name != "sources"])
    table = known["sources"].assign(rows=known["sources"]["source"].map(uses.value_counts()).fillna(0).astype(int))
    table = table.sort_values("rows", ascending=False, kind="stable")
    head = [("Source", False), ("Publisher", False), ("Year", True), ("Licence", False), ("Rows", True)]
    rows = [
        [
            Cell(str(r.title), str(r.title), _web(r.url)),
            words(r.publisher),
            _year(r.year),
            words(r.licence),
            figure(r.rows),
        ]
        for r in table.itertuples()
    ]
    return Grid("Sources", head, rows)


def _web(address: object) -> str:
    return str(address) if str(address).startswith(("https://", "http://")) else ""


def _year(year: object) -> Cell:
    text = "" if pd.isna(year) else str(year).removesuffix(".0")
    return Cell(text or NOTHING, float(text) if text.isdigit() else "")


def estimates(known: Dataset) -> Grid:
    """How well each table of the facts is sourced, and how many of its rows are estimates."""
    head = [
        ("Table", False),
        ("Rows", True),
        ("with a source", True),
        ("Sourced", True),
        ("Estimates", True),
        ("What it holds", False),
    ]
    told, described = coverage(known), schema()
    rows = [
        [_table_name(r.table), figure(r.rows), figure(r.sourced), share(r.sourced / r.rows, 0), figure(r.estimated)]
        for r in told[told["rows"] > 0].itertuples()
    ]
    for row, name in zip(rows, told.loc[told["rows"] > 0, "table"], strict=True):
        row.append(words(described[name].get("description", "")))
    return Grid("The facts, table by table", head, rows)


def _table_name(table: str) -> Cell:
    return words(spoken(table).replace("Us ", "US "))
