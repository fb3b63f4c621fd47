"""What a cap on China costs the United States, mineral by mineral: 50, 25 and 10 % from 2030, as seen in 2035.

Run it with `make caps`; it writes results/caps_on_china.csv and prints the table of the README.
"""

from pathlib import Path

from supplychain import read_data
from supplychain.studies.caps import cap_table

MINERALS = ["antimony", "tungsten", "gallium", "copper", "titanium"]

table = cap_table(read_data(), caps=[0.50, 0.25, 0.10], minerals=MINERALS)
out = Path("results/caps_on_china.csv")
out.parent.mkdir(exist_ok=True)
table.to_csv(out, index=False, float_format="%.6g")

print("| mineral | cap | US price over the EU's | switching, million USD | Central Asia | given up |")
print("|---|---|---|---|---|---|")
for row in table.sort_values(["mineral", "cap"], ascending=[True, False], kind="stable").itertuples():
    cap = "none" if row.cap == 1 else f"{row.cap:.0%}"
    print(
        f"| {row.mineral} | {cap} | {row.premium:+.0%} | {row.switching_musd:z.1f} "
        f"| {row.central_asia_share:.1%} | {row.forgone_share:.1%} |"
    )
