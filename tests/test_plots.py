"""Every figure: its structure against a stored one, nothing on top of anything else, and data that add up.

The stored structures are in `tests/figures/structure.json`. After a change of a figure that is meant, look at the new
picture, then refresh them with `REFRESH_FIGURES=1 pytest tests/test_plots.py -k structure` and read the difference.
"""

from __future__ import annotations

import dataclasses
import inspect
import itertools
import json
import multiprocessing
import os
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pandas as pd
import pytest
from figure_cases import PATHS, STUDIES, YEARS, small
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.text import Text

from supplychain.facts.errors import InputError
from supplychain.results.result import Result
from supplychain.show import figures as plots
from supplychain.show.figures import studies, style

STORED = Path(__file__).parent / "figures" / "structure.json"
LONG = "US–Uzbekistan joint investment fund, with caps on countries of concern that tighten by year"
BEFORE, AFTER = small("before", "Status quo"), small("after", LONG, shift=40.0, controlled=True)
BARE = Result("bare", "Bare", 1.0, BEFORE.manifest, {k: v for k, v in BEFORE.tables.items() if k != "corridors"})
OBSERVED = pd.Series({"antimony": 3.1, "copper": 1.1, "gallium": 2.0})

FIGURES = {
    "supply": lambda: plots.supply(AFTER, "copper"),
    "supply_of_nothing": lambda: plots.supply(AFTER, "antimony", "mine"),
    "supply_stages": lambda: plots.supply_stages(AFTER, "magnet_alloy"),
    "supply_overview": lambda: plots.supply_overview(AFTER, "refine"),
    "dependence": lambda: plots.dependence(AFTER),
    "dependence_by_owner": lambda: plots.dependence(AFTER, by="owner"),
    "dependence_change": lambda: plots.dependence_change(BEFORE, AFTER),
    "sankey": lambda: plots.sankey(AFTER, "magnet_alloy", 2027),
    "sankey_without_mines": lambda: plots.sankey(AFTER, "antimony", 2027),
    "flow_map": lambda: plots.flow_map(AFTER, "copper", 2027),
    "costs": lambda: plots.costs(AFTER),
    "cost_curve": lambda: plots.cost_curve(AFTER, "copper"),
    "central_asia_by_scenario": lambda: plots.central_asia_by_scenario([BEFORE, AFTER]),
    "waterfall": lambda: plots.waterfall(BEFORE, AFTER),
    "waterfall_of_nothing": lambda: plots.waterfall(BEFORE, BEFORE),
    "unmet": lambda: plots.unmet(AFTER),
    "unmet_of_nothing": lambda: plots.unmet(BEFORE),
    "vehicles_lost": lambda: plots.lost_services(AFTER),
    "power_lost": lambda: plots.lost_services(AFTER, "MW"),
    "price_heatmap": lambda: plots.price_heatmap(AFTER),
    "shadow_heatmap": lambda: plots.shadow_heatmap(AFTER),
    "price_paths": lambda: plots.price_paths(AFTER, ["antimony", "copper", "magnet_alloy"], most=2),
    "outside_prices": lambda: plots.outside_prices([BEFORE, AFTER], OBSERVED),
    "stop_and_cap": lambda: plots.stop_and_cap(AFTER, BEFORE, OBSERVED),
    "central_asia": lambda: plots.central_asia(AFTER),
    "central_asia_built": lambda: plots.central_asia_built(AFTER),
    "central_asia_displaces": lambda: plots.central_asia_displaces(BEFORE, AFTER),
    "corridors": lambda: plots.corridors(AFTER),
    "corridors_of_an_older_result": lambda: plots.corridors(BARE),
    "leg_use": lambda: plots.leg_use(AFTER, "caspian"),
    "frontier": lambda: studies.frontier(STUDIES["frontier"]),
    "space": lambda: studies.space(STUDIES["space"]),
    "losses": lambda: studies.losses(STUDIES["screen"]),
    "under_risk": lambda: studies.under_risk(STUDIES["stochastic"]),
}
FIGURES |= {
    "dependence_portrait": lambda: plots.dependence(AFTER, form=style.PORTRAIT),
    "unmet_portrait": lambda: plots.unmet(AFTER, form=style.PORTRAIT),
    "prices_portrait": lambda: plots.price_heatmap(AFTER, form=style.PORTRAIT),
    "central_asia_portrait": lambda: plots.central_asia(AFTER, form=style.PORTRAIT),
    "corridors_portrait": lambda: plots.corridors(AFTER, form=style.PORTRAIT),
    "cost_portrait": lambda: plots.waterfall(BEFORE, AFTER, form=style.PORTRAIT),
    "displaced_portrait": lambda: plots.central_asia_displaces(BEFORE, AFTER, form=style.PORTRAIT),
    "sankey_portrait": lambda: plots.sankey(AFTER, "magnet_alloy", 2027, form=style.PORTRAIT),
    "costs_beside": lambda: plots.costs(AFTER, before=BEFORE),
}


@pytest.fixture(scope="module")
def drawn() -> dict[str, Figure]:
    """Every figure, drawn once."""
    return {name: whole(draw()) for name, draw in FIGURES.items()}


def whole(drawing) -> Figure:
    return drawing if isinstance(drawing, Figure) else style.figure_of(drawing)


def structure(figure: Figure) -> dict:
    """What a figure is made of: for each Axes its labels, ticks, texts, legend, and how many of each kind of mark."""
    figure.draw_without_rendering()
    panels = []
    for ax in figure.axes:
        legend = ax.get_legend()
        panels.append(
            {
                "title": ax.get_title(loc="left"),
                "labels": [ax.get_xlabel(), ax.get_ylabel()],
                "x": [tick.get_text() for tick in ax.get_xticklabels()],
                "y": [tick.get_text() for tick in ax.get_yticklabels()],
                "texts": [text.get_text() for text in ax.texts],
                "legend": [text.get_text() for text in legend.get_texts()] if legend else [],
                "marks": {kind: len(getattr(ax, kind)) for kind in ("lines", "patches", "collections", "images")},
            }
        )
    legends = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    return {"title": figure.get_suptitle(), "legend": legends, "axes": panels}


@pytest.mark.parametrize("name", FIGURES)
def test_structure(name, drawn):
    """Series, labels, units, titles and ticks of the figure are those stored (see the head of this file)."""
    found = structure(drawn[name])
    stored = json.loads(STORED.read_text(encoding="utf-8")) if STORED.is_file() else {}
    if os.environ.get("REFRESH_FIGURES"):
        kept = {key: value for key, value in (stored | {name: found}).items() if key in FIGURES}
        STORED.write_text(json.dumps(kept, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
        return
    assert found == stored[name]


def words(figure: Figure) -> list[tuple[str, object]]:
    """Each text that is seen, and the box in pixels that it fills; ticks outside the axis' limits are not seen."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    unseen = set()
    for axis in (axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)):
        seen = {id(tick.label1) for tick in axis._update_ticks()}
        unseen |= {id(tick.label1) for tick in axis.get_major_ticks()} - seen
        unseen |= {id(tick.label1) for tick in axis.get_minor_ticks()}
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    return [(t.get_text(), Text.get_window_extent(t, renderer)) for t in texts if id(t) not in unseen]


@pytest.mark.parametrize("name", FIGURES)
def test_no_text_is_cut_or_covered(name, drawn):
    """No two texts overlap, none reaches out of the figure, and none is smaller than seven points."""
    figure = drawn[name]
    boxes = words(figure)
    for (one, a), (two, b) in itertools.combinations(boxes, 2):
        across, up = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        assert across < 1.5 or up < 1.5, f"{one!r} is on {two!r}"
    edge = figure.bbox
    outside = [
        text for text, box in boxes if box.x0 < -1 or box.y0 < -1 or box.x1 > edge.x1 + 1 or box.y1 > edge.y1 + 1
    ]
    assert not outside
    assert min(text.get_fontsize() for text in figure.findobj(Text) if text.get_text()) >= 7


@pytest.mark.parametrize("name", FIGURES)
def test_source_and_unit(name, drawn):
    """Each figure has its source line once, and says its unit where it shows anything."""
    texts = [text.get_text().replace("\n", " ") for text in drawn[name].findobj(Text)]
    assert texts.count(style.SOURCE) == 1
    unit = re.search(r"percent|USD|tonnes|[0-9] t\b|multiple|vehicles|GW", " ".join(texts), re.IGNORECASE)
    assert unit or name == "supply_of_nothing"


@pytest.mark.parametrize("name", FIGURES)
def test_the_scenario_is_named_once(name, drawn):
    """A figure names its scenario once, in its head or, where two stand side by side, in the legend."""
    texts = [text.get_text().replace("\n", " ") for text in drawn[name].findobj(Text) if text.get_visible()]
    assert sum(text.count(LONG[:40]) for text in texts) <= 1
    assert any(title in " ".join(texts) for title in (LONG[:40], BEFORE.title, "Bare"))


@pytest.mark.parametrize("name", FIGURES)
def test_legend_is_beside_the_drawing(name, drawn):
    """No legend lies on the drawing."""
    figure = drawn[name]
    figure.draw_without_rendering()
    for ax in figure.axes:
        legend = ax.get_legend()
        if legend:
            assert legend.get_window_extent().y0 >= ax.get_window_extent().y1 - 1


@pytest.mark.parametrize("mineral", ["copper", "antimony", "magnet_alloy"])
@pytest.mark.parametrize("year", YEARS)
def test_map_adds_up_to_the_paths(mineral, year):
    """At each step to the next stage the moves carry all the tonnes of the paths table, the last step by corridor."""
    moves = plots.map_flows(AFTER, mineral, year)
    paths = AFTER.paths.query("mineral == @mineral and year == @year and market == 'USA'")
    assert list(moves.groupby("to_stage")["tonnes"].sum()) == pytest.approx(
        [paths["tonnes"].sum()] * moves["to_stage"].nunique()
    )
    last = moves[moves["to_stage"] == "market"].groupby("corridor")["tonnes"].sum()
    assert last.to_dict() == pytest.approx(paths.groupby("corridor")["tonnes"].sum().to_dict())
    stages = [stage for stage in ("mine", "refine", "fabricate") if (paths[stage] != "").all()]
    assert list(dict.fromkeys(moves["from_stage"])) == [*stages, "supplier"]


def test_map_is_wide_as_tonnes():
    """Arrows are as wide as their share of all tonnes: Chile's 550 t to the market, China's 90 t at both moves."""
    ax = plots.flow_map(BEFORE, "copper", 2027)
    total = sum(row[-1] for row in PATHS if row[0] == "copper")
    shafts = {round(patch.get_linewidth() * total / 9.0) for patch in ax.patches if isinstance(patch, PathPatch)}
    assert {550, 90} <= shafts
    assert max(shafts) == 550


def mapped(*rows: tuple) -> Result:
    """A result of uranium's paths in 2027: mine, refine, supplier, corridor, tonnes."""
    table = pd.DataFrame(rows, columns=["mine", "refine", "supplier", "corridor", "tonnes"])
    table = table.assign(mineral="uranium", year=2027, market="USA", fabricate="")
    return Result("mapped", "Mapped", 1.0, {}, {"paths": table})


def test_a_corridor_is_drawn_where_it_runs():
    """Kazakh ore takes the corridor to France; what goes on from there is on the sea, as is every line from France."""
    result = mapped(("KAZ", "FRA", "FRA", "northern", 60.0), ("NER", "FRA", "FRA", "sea", 40.0))
    moves = plots.map_flows(result, "uranium", 2027).set_index(["origin", "destination"])["corridor"]
    assert moves.to_dict() == {
        ("KAZ", "FRA"): "northern",
        ("NER", "FRA"): "",
        ("FRA", "FRA"): "",
        ("FRA", "USA"): "sea",
    }
    lines = [patch for patch in plots.flow_map(result, "uranium", 2027).patches if isinstance(patch, PathPatch)][1:]
    starts = {to_rgb(line.get_edgecolor()): line.get_path().vertices[0][0] for line in lines}
    assert starts[to_rgb(style.CORRIDORS["northern"])] == style.places().loc["KAZ", "longitude"]
    assert starts[to_rgb(style.CORRIDORS["sea"])] == style.places().loc["FRA", "longitude"]


def test_a_path_has_its_corridor_where_it_last_crosses():
    """Into Central Asia and out again: the paths table tells only the way out. By land from Canada as others' goods."""
    result = mapped(
        ("BRA", "KAZ", "KAZ", "middle", 5.0),
        ("CHN", "UZB", "CAN", "northern", 3.0),
        ("CAN", "CAN", "CAN", "land", 2.0),
        ("KAZ", "USA", "USA", "eastern", 1.0),
    )
    moves = plots.map_flows(result, "uranium", 2027).query("corridor != ''")
    assert set(zip(moves["origin"], moves["destination"], moves["corridor"], strict=True)) == {
        ("KAZ", "USA", "middle"),
        ("KAZ", "USA", "eastern"),
        ("UZB", "CAN", "northern"),
        ("CAN", "USA", "land"),
        ("USA", "USA", "domestic"),
    }


def test_a_name_covers_no_place():
    """Four neighbours are all named, each name beside its own circle or with a line to it, and none on a circle."""
    near = ("FRA", "NLD", "DEU", "GBR")
    ax = plots.flow_map(mapped(*[("CAN", near[i], near[i], "sea", 40.0 - 10 * i) for i in range(4)]), "uranium", 2027)
    ax.figure.draw_without_rendering()
    boxes = {text.get_text(): text.get_window_extent() for text in ax.texts}
    assert {style.country_name(place) for place in near} <= set(boxes)
    for dots in ax.collections:
        x, y = ax.transData.transform(dots.get_offsets()[0])
        assert not [name for name, box in boxes.items() if box.contains(x, y)]


@pytest.mark.parametrize("most", [1, 2, 8])
@pytest.mark.parametrize("mineral", ["copper", "antimony", "magnet_alloy"])
def test_sankey_conserves_flow(mineral, most):
    """What enters a place leaves it, and each step carries all tonnes, however many countries stand by themselves."""
    flows = plots.sankey_flows(AFTER, mineral, 2027, most=most)
    total = AFTER.paths.query("mineral == @mineral and year == 2027")["tonnes"].sum()
    into = flows.groupby(["to_stage", "target"])["tonnes"].sum().drop("market")
    out = flows.groupby(["from_stage", "source"])["tonnes"].sum()
    out = out.drop(flows["from_stage"].iloc[0])
    assert into.to_dict() == pytest.approx(out.to_dict())
    assert list(flows.groupby("from_stage")["tonnes"].sum()) == pytest.approx([total] * flows["from_stage"].nunique())


def test_sankey_draws_its_flows():
    """The nodes of each layer are together as thick as the whole flow, and there is one band for each flow."""
    ax = plots.sankey(AFTER, "magnet_alloy", 2027)
    nodes = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    heights = pd.Series([n.get_height() for n in nodes]).groupby([n.get_x() for n in nodes]).sum()
    assert list(heights) == pytest.approx([1.0] * 4)
    bands = [patch for patch in ax.patches if isinstance(patch, PathPatch)]
    assert len(bands) == len(plots.sankey_flows(AFTER, "magnet_alloy", 2027))


def test_a_stage_that_is_blank_here_and_there_loses_nothing():
    """A path whose mine is not named counts under `other countries`; missing and empty texts are read alike."""
    paths = AFTER.paths.copy()
    paths.loc[paths["mine"] == "PER", "mine"] = ""
    for blank in ("", None):
        result = Result("r", "R", 1.0, {}, {"paths": paths.replace({"mine": {"": blank}})})
        flows = plots.sankey_flows(result, "copper", 2027)
        assert flows.query("from_stage == 'mine'")["tonnes"].sum() == pytest.approx(1134.0)
        assert plots.map_flows(result, "copper", 2027).query("origin == 'XXX'")["tonnes"].sum() == pytest.approx(80.0)


def test_supply_counts_every_owner_once():
    """Shares of a year add up to one, and a country's owners are together its share."""
    shares = plots.supply_shares(AFTER, "copper")
    assert list(shares.sum(axis=1)) == pytest.approx([1.0] * 3)
    assert shares.loc[2025, "CHL"] == pytest.approx(550 / 1134)
    few = plots.supply_shares(AFTER, "copper", most=1)
    assert list(few) == ["CHL", "other"]
    assert list(few.sum(axis=1)) == pytest.approx([1.0] * 3)


def test_waterfall_adds_up_to_the_difference_of_the_objectives():
    """The items' changes, and the drawn steps, sum to what the scenario costs more in present value."""
    extra = (AFTER.objective - BEFORE.objective) / 1e9
    assert plots.cost_changes(BEFORE, AFTER)["change_busd"].sum() == pytest.approx(extra)
    bars = plots.waterfall(BEFORE, AFTER).patches
    assert sum(bar.get_width() for bar in bars[:-1]) == pytest.approx(extra)
    assert bars[-1].get_width() == pytest.approx(extra)


def test_costs_stack_to_the_year():
    """The bars of a year sum to its costs; what is earned stands below nought."""
    bars = plots.costs(AFTER).patches
    total = AFTER.costs.query("year == 2025")["musd"].sum() / 1e3
    assert sum(bar.get_height() for bar in bars if round(bar.get_x() + bar.get_width() / 2) == 2025) == pytest.approx(
        total
    )
    assert min(bar.get_y() + bar.get_height() for bar in bars) == pytest.approx(-0.005)


def test_costs_beside_another_scenario_stack_to_the_difference():
    """The bars of a year sum to what it costs more; beside itself a scenario has nothing to show."""
    bars = plots.costs(AFTER, before=BEFORE).patches
    of_year = [bar.get_height() for bar in bars if round(bar.get_x() + bar.get_width() / 2) == 2026]
    more = AFTER.costs.query("year == 2026")["musd"].sum() - BEFORE.costs.query("year == 2026")["musd"].sum()
    assert sum(of_year) == pytest.approx(more / 1e3)
    assert style.is_nothing(whole(plots.costs(AFTER, before=AFTER)))


def test_displaced_shares_sum_to_nought():
    """What Central Asia gains others lose, and only minerals where its share moves are shown."""
    change = plots.displaced(BEFORE, AFTER)
    assert list(change.index) == ["copper"]
    assert change.loc["copper", "KAZ"] == pytest.approx(100 * 40 / 1134)
    assert float(change.sum(axis=1).iloc[0]) == pytest.approx(0.0, abs=1e-9)


def test_built_is_valued_at_normal_prices():
    """Capacity times price, Central Asian sites only."""
    new = plots.built(AFTER)
    assert set(new["country"]) == {"KAZ", "TJK"}
    assert new.query("year == 2026 and mineral == 'copper'")["value_musd"].item() == pytest.approx(100 * 9000 / 1e6)


def test_services_lost_in_their_units():
    """Thousand vehicles and gigawatts; years without a loss are there with nought."""
    assert plots.services_lost(AFTER).loc[2026, "light_ev"] == pytest.approx(700.0)
    power = plots.services_lost(AFTER, "MW")
    assert power.loc[2027].to_dict() == pytest.approx({"solar": 8.0, "onshore_wind": 1.8})
    assert power.loc[2025].sum() == 0
    assert plots.unmet_shares(AFTER).loc["antimony", 2026] == pytest.approx(50.0)


def test_corridors_are_as_full_as_their_cargo():
    """All cargo over capacity; a leg without a limit is left out."""
    use = plots.corridor_use(AFTER).set_index(["leg", "year"])["filled"]
    assert use["baku_poti", 2026] == pytest.approx(0.8)
    assert use["caspian", 2026] == pytest.approx(1.0)
    assert "open_sea" not in use.index.get_level_values("leg")


def test_dependence_shows_caps_of_the_market_and_of_all():
    """Caps on countries of concern stand beside the shares; a funds' row without a year does no harm."""
    shares = plots.dependence_shares(AFTER)
    assert shares["cap_last"].dropna().to_dict() == pytest.approx({"antimony": 60.0, "magnet_alloy": 60.0})
    assert shares.loc["antimony", "concern_last"] == pytest.approx(100 * 50 / 70)
    assert plots.dependence_shares(BEFORE)["cap_last"].isna().all()


def test_dependence_names_the_largest_supplier_and_its_own_cap():
    """Chile has most of copper, so its cap of 50 % stands there and not China's of 40 %; others have none."""
    shares = plots.dependence_shares(AFTER)
    assert shares["top"].to_dict() == {"antimony": "CHN", "copper": "CHL", "magnet_alloy": "CHN"}
    assert shares["single_last"].dropna().to_dict() == pytest.approx({"copper": 50.0})
    named = [text.get_text() for text in plots.dependence(AFTER).texts]
    assert named.count("China") == 2 and named.count("Chile") == 1


def test_a_map_has_no_dot_in_the_sea_and_no_strand():
    """What no source names has no circle, and Canada's 4 t of 1,134 no arrow; 24 t and more have one."""
    ax = plots.flow_map(BEFORE, "copper", 2027)
    places = {tuple(np.round(dots.get_offsets()[0], 3)) for dots in ax.collections}
    unnamed = style.places().loc["XXX", "longitude"]
    assert len(places) == 8 - 2 and unnamed not in {x for x, _ in places}
    tonnes = [move[-1] for move in PATHS if move[0] == "copper"]
    widths = [patch.get_linewidth() for patch in ax.patches if isinstance(patch, PathPatch)][1:]
    assert min(widths) >= min(9.0 * 0.02, 9.0 * 30 / sum(tonnes))


def test_bars_and_dots_of_amounts_begin_at_nought():
    """Shares from 0, multiples from 1×."""
    assert plots.central_asia(AFTER).get_xlim()[0] == 0
    dots = plots.outside_prices([BEFORE, AFTER], OBSERVED)
    assert not [patch for patch in dots.patches if isinstance(patch, Rectangle)]
    assert all(line.vertices[0][0] == pytest.approx(1.0) for line in dots.collections[0].get_paths())


def test_shadow_prices_are_relative_to_normal_prices():
    """1,200 USD on antimony's 12,000 is ten percent; rows without a mineral are left out."""
    assert plots.shadow_prices(AFTER).loc["antimony"].to_dict() == pytest.approx({2026: 10.0, 2027: 10.0})


def test_axes_given_are_axes_returned(tmp_path):
    """Figures can be set side by side, and the caller's settings stay as they were."""
    settings = dict(matplotlib.rcParams)
    figure = Figure(figsize=(12, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    assert plots.unmet(AFTER, ax=left) is left
    assert plots.costs(AFTER, ax=right) is right
    assert plots.save(figure, tmp_path / "two.png").stat().st_size > 5000
    assert dict(matplotlib.rcParams) == settings


def test_plotter_has_every_figure():
    """`result.plot.x(...)` draws each figure for this result."""
    asked = {"mineral": "copper", "year": 2027, "before": BEFORE, "minerals": ["copper"], "leg": "caspian"}
    names = [name for name in vars(plots.Plotter) if not name.startswith("_")]
    assert len(names) >= 16
    for name in names:
        method = getattr(plots.Plotter(AFTER), name)
        needed = [p.name for p in inspect.signature(method).parameters.values() if p.default is p.empty]
        assert structure(whole(method(*(asked[name] for name in needed))))["axes"], name


def test_cost_curve_stands_in_order_and_says_what_it_leaves_out():
    """Cheapest first, blocks end to end; what costs more than twice the price is cut off, and named; ores have none."""
    steps = plots.cost_steps(AFTER, "copper")
    assert steps["country"].tolist() == ["CHL", "KAZ", "CHL", "KAZ", "CHL", "CHL", "USA"]
    assert steps["from_t"].tolist() == [0, 200, 260, 460, 510, 710, 810]
    ax = plots.cost_curve(AFTER, "copper")
    assert max(bar.get_height() for bar in ax.patches) == pytest.approx(2 * 9000.0)
    said = " ".join(text.get_text().replace("\n", " ") for text in whole(ax).findobj(Text))
    assert "1 dearer than twice the price" in said
    with pytest.raises(ValueError, match="no cost curve of 'rare_earth_ore'"):
        plots.cost_steps(AFTER, "rare_earth_ore")
    with pytest.raises(ValueError, match="it has mine, refine"):
        plots.cost_steps(AFTER, "copper", "fabricate")


def test_gallery_writes_every_figure(tmp_path):
    """All figures of a scenario and of a comparison as files; none for data without the United States."""
    files = [file for file in plots.draw_all(AFTER, tmp_path / "one") if file.suffix == ".png"]
    assert {file.stem for file in files} >= {
        "dependence",
        "corridors",
        "sankey_antimony",
        "map_antimony",
        "supply_mine",
    }
    compared = plots.draw_comparison([BEFORE, AFTER], OBSERVED, tmp_path / "two")
    beside = {"cost_after", "dependence_after", "displaced_after"}
    assert {file.stem for file in compared} == beside | {"cost_after_portrait", "displaced_after_portrait"}
    assert all(file.is_file() for file in [*files, *compared])
    assert not list((tmp_path / "one").glob(".*"))
    elsewhere = Result("e", "E", 1.0, {}, {"dependence": pd.DataFrame(columns=["market", "share_feoc"])})
    assert plots.draw_all(elsewhere, tmp_path / "none") == []


@pytest.mark.slow
def test_what_has_nothing_to_show_is_no_picture(tmp_path):
    """Where nothing is short, dear or bound there is no file that says so, and one of an earlier result goes."""
    quiet = {"unmet", "unmet_portrait", "vehicles_lost", "power_lost", "prices", "prices_portrait", "shadow_prices"}
    drawn = {file.stem for file in plots.draw_all(AFTER, tmp_path)}
    assert quiet < drawn
    calm = dataclasses.replace(AFTER, manifest=BEFORE.manifest, tables=BEFORE.tables)
    after = {file.stem for file in plots.draw_all(calm, tmp_path)}
    assert after == {file.stem for file in tmp_path.iterdir()} - {"drawn"} == drawn - quiet


@pytest.mark.slow
def test_figures_of_an_unchanged_result_are_not_drawn_again(tmp_path):
    """They stay as they are, until one is missing, half a record is there, or the result is another."""
    files = plots.draw_all(AFTER, tmp_path)
    made = {file: file.stat().st_mtime_ns for file in files}
    assert plots.draw_all(AFTER, tmp_path) == files
    assert {file: file.stat().st_mtime_ns for file in files} == made
    files[0].unlink()
    assert plots.draw_all(AFTER, tmp_path) == files and files[0].is_file()
    again = {file for file in files if file.stat().st_mtime_ns != made[file]}
    assert {file.stem for file in again} == {files[0].stem}
    (tmp_path / "drawn.json").write_text("{", encoding="utf-8")
    assert plots.draw_all(AFTER, tmp_path) == files
    other = dataclasses.replace(AFTER, manifest=AFTER.manifest | {"objective": 2.0})
    plots.draw_all(other, tmp_path)
    assert all(file.stat().st_mtime_ns != made[file] for file in files)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The two results as folders, as `run` leaves them."""
    out = tmp_path_factory.mktemp("results")
    for result in (AFTER, BEFORE):
        named = {"scenario": result.manifest["scenario"] | {"name": result.name}, "objective": result.objective}
        tables = {name: table for name, table in result.tables.items()}
        Result(result.name, result.title, result.objective, named, tables).save(out / result.name)
    return [out / "before", out / "after"]


def contents(folder):
    """Every file under a folder of figures."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("figures/*")}


@pytest.mark.slow
def test_figures_are_the_same_by_one_process_and_by_several(saved, tmp_path):
    """Every figure of each and of both, the same bytes; a second time nothing is drawn."""
    shutil.copytree(saved[0].parent, tmp_path / "alone")
    told = []
    plots.draw_results(saved, OBSERVED, saved[0].parent, 2, told.append)
    assert told == ["drew 1 of 2", "drew 2 of 2"]
    alone = [tmp_path / "alone" / folder.name for folder in saved]
    plots.draw_results(alone, OBSERVED, tmp_path / "alone")
    drawn = contents(tmp_path / "alone")
    assert drawn == contents(saved[0].parent)
    assert {"after/figures/map_antimony.png", "before/figures/costs.png", "figures/cost_after.svg"} <= set(drawn)
    plots.draw_results(saved, OBSERVED, saved[0].parent, 2, told.append)
    assert len(told) == 2


def test_a_fault_in_a_process_is_told(saved, tmp_path):
    """A folder that holds no result is one fault, and no process stays behind."""
    shutil.copytree(saved[0].parent, tmp_path / "out", ignore=shutil.ignore_patterns("figures"))
    (tmp_path / "out" / "after" / "datapackage.json").unlink()
    with pytest.raises(InputError, match="not a result folder"):
        plots.draw_results([tmp_path / "out" / f.name for f in saved], OBSERVED, tmp_path / "out", 2)
    assert not multiprocessing.active_children()
    with pytest.raises(InputError, match="not a result folder"):
        plots.draw_results([tmp_path / "nowhere"], OBSERVED, tmp_path)


def test_svg_is_small_clean_and_always_the_same():
    """Text stays text, ids are few and the figure's own, nothing says when it was made, and a map is under 80 kB."""
    one, two = (plots.to_svg(plots.flow_map(AFTER, "copper", 2027), "Copper & its ways", salt="a") for _ in range(2))
    assert one == two
    root = ElementTree.fromstring(one)
    assert root.get("aria-label") == "Copper & its ways"
    assert root.get("width") is None
    assert "Kazakhstan" in "".join(root.itertext())
    assert "<metadata" not in one
    assert len(one) < 80_000
    ids = {element.get("id") for element in root.iter() if element.get("id")}
    assert ids == set(re.findall(r"(?:url\(|href=\")#([^)\"]+)", one))
    other = plots.to_svg(plots.flow_map(AFTER, "copper", 2027), salt="b")
    assert not ids & {element.get("id") for element in ElementTree.fromstring(other).iter() if element.get("id")}


# Machado, Oliveira and Fernandes (2009), severity 1: linear RGB as seen without one kind of cone.
VISION = {
    "normal": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
# Ottosson's Oklab (2020): linear RGB to cone response, its cube root to lightness and two hues.
CONES = [[0.4122215, 0.5363325, 0.0514460], [0.2119035, 0.6806995, 0.1073970], [0.0883025, 0.2817188, 0.6299787]]
OKLAB = [[0.2104543, 0.7936178, -0.0040720], [1.9779985, -2.4285922, 0.4505937], [0.0259040, 0.7827718, -0.8086758]]


def seen(tints: list[str], vision: str) -> np.ndarray:
    """Colours as points whose distances are about as different as they look (100: black to white)."""
    rgb = np.array([to_rgb(tint) for tint in tints])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    simulated = np.clip(linear @ np.array(VISION[vision]).T, 0, 1)
    return 100 * np.cbrt(simulated @ np.array(CONES).T) @ np.array(OKLAB).T


@pytest.mark.parametrize("vision", VISION)
def test_countries_are_told_apart_without_full_colour_vision(vision):
    """Any two countries' colours differ by eight (two is just to be noticed), the most frequent ones' by ten."""
    tints = style.COLOURS
    points = dict(zip(tints, seen(list(tints.values()), vision), strict=True))
    apart = {pair: np.linalg.norm(points[pair[0]] - points[pair[1]]) for pair in itertools.combinations(tints, 2)}
    assert min(apart.values()) >= 8
    frequent = {"CHN", "USA", "KAZ", "CAN", "RUS", "JPN", "CHL", "AUS", "BRA", "ZAF", "UZB"}
    assert min(distance for pair, distance in apart.items() if set(pair) <= frequent) >= 10


def test_a_country_keeps_its_colour(drawn):
    """China is the same red as a band, a node and a circle; unnamed countries have a grey of their own."""
    red = to_rgb(style.colour("CHN"))
    assert red in [to_rgb(band.get_facecolor()[0]) for band in drawn["supply"].axes[0].collections]
    assert red in [to_rgb(node.get_facecolor()) for node in drawn["sankey"].axes[0].patches]
    assert red in [to_rgb(c.get_facecolor()[0]) for c in drawn["flow_map"].axes[0].collections]
    assert style.colour("BEL") == style.colour("BEL") != style.colour("THA")


@given(st.lists(st.floats(0, 100), max_size=8), st.floats(0.1, 10))
def test_labels_are_spread(wanted, gap):
    """Labels keep their order, are a gap apart, stay within the limits, and do not move where there is room."""
    placed = style.spread(wanted, gap, 0.0, 100.0)
    order = np.argsort(wanted, kind="stable")
    steps = np.diff(np.array(placed)[order])
    assert (steps >= gap - 1e-9).all()
    assert all(-1e-9 <= value <= 100 + 1e-9 for value in placed)
    if (np.diff(np.sort(wanted)) >= gap).all():
        assert placed == pytest.approx(wanted, abs=1e-6)


def test_world_has_a_place_for_every_country(shipped):
    """The outline is small and in bounds; each country of the facts that supplies anything stands somewhere."""
    folder = Path(plots.__file__).parent / "world"
    assert sum(file.stat().st_size for file in folder.iterdir()) < 200_000
    outline = json.loads((folder / "land.geojson").read_text(encoding="utf-8"))
    points = np.array([point for part in outline["geometry"]["coordinates"] for ring in part for point in ring])
    assert points[:, 0].min() >= -168.6
    assert points[:, 0].max() <= 191.4
    known = set(style.places().index)
    assert set(shipped["production"]["country"]) | set(shipped["markets"]["market"]) <= known
    assert style.places()["latitude"].between(-60, 80).all()
