"""The base year against the source: US import shares by country, the model's beside USGS's, for docs/data.md."""

from supplychain import read_data, run
from supplychain.facts.dataset import OTHER
from supplychain.results.indicators import import_shares

data = read_data()
sources = data["import_sources"].query("last_stage")
listed = sources[sources["country"] != OTHER]
whole = sources.groupby("mineral")["share_pct"].sum()
shares = import_shares(run("status_quo", data).supply, "USA", 2025)
both = listed.merge(shares, on=["mineral", "country"], how="left").fillna({"share": 0.0})

print("| mineral | form | country, source / model, percent |")
print("|---|---|---|")
for (mineral, form), rows in both.groupby(["mineral", "form"], sort=False):
    named = rows.sort_values("share_pct", ascending=False).head(6)
    cells = (
        f"{row.country} {100 * row.share_pct / whole[mineral]:.0f} / {100 * row.share:.0f}"
        for row in named.itertuples()
    )
    print(f"| {mineral} | {form} | {', '.join(cells)} |")
gap = (both["share_pct"] / both["mineral"].map(whole) - both["share"]).abs().max()
print(f"\nLargest gap: {100 * gap:.1f} percentage points.")
