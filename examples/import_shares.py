"""The base year against its sources, for docs/data/trade.md: US import shares by country and net import reliance."""

from supplychain import read_data, run
from supplychain.studies import base_year

data = read_data()
result = run("status_quo", data)
shares = base_year.imports(data, result)
forms = data["import_sources"].query("last_stage").groupby("mineral", sort=False)["form"].unique().str.join(", ")
print("| mineral | form | country, source / model, percent |")
print("|---|---|---|")
for mineral, form in forms.items():
    rows = shares[shares["mineral"] == mineral].sort_values("source_share", ascending=False).head(6)
    cells = (f"{row.country} {100 * row.source_share:.0f} / {100 * row.model_share:.0f}" for row in rows.itertuples())
    print(f"| {mineral} | {form} | {', '.join(cells)} |")
print(f"\nLargest gap: {100 * (shares['source_share'] - shares['model_share']).abs().max():.1f} percentage points.")

print("\n| mineral | counted at | USGS 2021–24 | model | gap |")
print("|---|---|---|---|---|")
for row in base_year.reliance(data, result).itertuples():
    printed = "–".join(dict.fromkeys(f"{end:.0f}" for end in (row.least_pct, row.most_pct)))
    print(f"| {row.Index} | {row.stage} | {printed} | {row.model_pct:.0f} | {row.gap_pct:.1f} |")
