"""What independence costs: least cost against a cap."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes

from supplychain.results.result import Result
from supplychain.show.figures import style


def frontier_points(results: Sequence[Result], policy: str) -> pd.DataFrame:
    """What `frontier` draws, read from solved scenarios that differ in one policy's `share`.

    Parameters
    ----------
    policy : id of the policy; its share in its last year is the cap. A scenario without it stands at a cap of 1.

    Returns
    -------
    DataFrame, one row a result, by falling cap: cap (1), cost_busd (present value), extra_busd (over the loosest cap).
    """
    rows = [{"cap": _cap(result, policy), "cost_busd": result.objective / 1e9} for result in results]
    points = pd.DataFrame(rows, columns=["cap", "cost_busd"]).sort_values("cap", ascending=False, ignore_index=True)
    return points.assign(extra_busd=points["cost_busd"] - points["cost_busd"].iloc[:1].sum())


def _cap(result: Result, policy: str) -> float:
    """The share that a policy allows in the last year that it names."""
    share = result.manifest["scenario"]["resolved"]["policies"].get(policy, {}).get("share", 1.0)
    return float(share[max(share, key=int)]) if isinstance(share, dict) else float(share)


@style.styled
def frontier(results: Sequence[Result] | pd.DataFrame, policy: str, ax: Axes | None = None) -> Axes:
    """Least cost against a cap on dependence.

    Parameters
    ----------
    results : solved scenarios that differ in the policy's share, or a table with columns cap and extra_busd.
    policy : id of the policy.

    Returns
    -------
    Axes: cap in percent, from loose to tight, against extra cost, billion USD; the data are those of `frontier_points`.
    """
    points = results if isinstance(results, pd.DataFrame) else frontier_points(results, policy)
    ax = style.axes(ax, 6.6, 3.8)
    ax.plot(100 * points["cap"], points["extra_busd"], color=style.CORRIDORS["sea"], marker="o", markersize=4)
    ax.set(xlabel="cap, percent of supply (tighter to the right)", ylabel="extra cost, billion USD")
    ax.invert_xaxis()
    ax.grid(axis="y")
    title = f"What the cap costs: {style.spoken(policy).lower()}"
    return style.headed(ax, title, "Present value, billion USD, over the loosest cap, all markets")
