"""What it costs that nobody knew of a shock, beside the same shock foreseen.

Run it with `make surprise`; it prints one line for each shipped scenario that has news.
"""

from pathlib import Path

from supplychain import read_data
from supplychain.studies.surprise import surprise

names = sorted(path.stem for path in Path("scenarios").glob("*.yaml"))
table = surprise(read_data(), names)

print("| scenario | news | surprise, billion USD | foreseen | dearest in the year of the news | its price | foreseen |")
print("|---|---|---|---|---|---|---|")
for row in table.itertuples():
    print(
        f"| {row.scenario} | {row.news} | {row.surprise_busd:+.2f} | {row.foreseen_busd:+.2f} | {row.mineral} "
        f"| {row.surprise_multiple:.1f} | {row.foreseen_multiple:.1f} |"
    )
