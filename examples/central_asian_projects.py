"""Central Asia's projects: what each costs and would bring, when it is built in three scenarios, what closes its gap.

Run it with `make projects` after `make run`: it reads results/, prints the README's table, and draws Central Asia's
share by scenario into results/central_asia_by_scenario.png.
"""

from pathlib import Path

from supplychain import load, read_data
from supplychain.show.figures import central_asia_by_scenario, save
from supplychain.show.figures.style import figure_of
from supplychain.studies.projects import project_table

SHOWN = ["status_quo", "joint_investment_fund", "grand_bargain"]
RESULTS = Path("results")

groups = read_data()["groups"]
region = list(groups.loc[groups["group"] == "central_asia", "country"])
table = project_table([load(RESULTS / name) for name in SHOWN], region)
print("| project | makes | full cost, USD/t | gap, USD/t | status quo | fund | bargain | what closes the gap |")
print("|---|---|---|---|---|---|---|---|")
for row in table.itertuples():
    years = " | ".join(str(year) if year else "no" for year in (getattr(row, name) for name in SHOWN))
    makes = f"{row.mineral.replace('_', ' ')}, {row.stage} ({row.country})"
    cost, gap = (f"{float(f'{value:.3g}'):,.0f}" for value in (row.full_usd_per_t, row.gap_usd_per_t))
    print(f"| {row.name} | {makes} | {cost} | {gap} | {years} | {row.closes} |")

folders = sorted(file.parent for file in RESULTS.glob("*/manifest.json"))
folders.sort(key=lambda folder: folder.name != SHOWN[0])
ax = central_asia_by_scenario([load(folder) for folder in folders])
save(figure_of(ax), RESULTS / "central_asia_by_scenario.png")
