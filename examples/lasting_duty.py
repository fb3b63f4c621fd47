"""How far a lasting duty on the largest supplier of each mineral moves US trade, and how fast.

Run it with `make duty`; it writes results/lasting_duty.csv, one row a rate, mineral and horizon, and prints the
elasticities beside the published ones.
"""

from pathlib import Path

from supplychain import read_data
from supplychain.studies.duty import by_horizon, duty

table = duty(read_data())
out = Path("results/lasting_duty.csv")
out.parent.mkdir(exist_ok=True)
table.to_csv(out, index=False, float_format="%.6g")

print("| duty | after | minerals | driven out | mean | median | together | published |")
print("|---|---|---|---|---|---|---|---|")
for row in by_horizon(table).itertuples():
    print(
        f"| {row.rate:.0%} | {row.after} | {row.minerals} | {row.driven_out} | {row.mean:.2f} | {row.median:.2f} "
        f"| {row.together:.2f} | {row.published:.2f} ({row.error:.2f}) |"
    )
