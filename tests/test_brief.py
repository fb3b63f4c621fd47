"""What a reader sees in ten seconds: the opening and the brief; the page on a screen, a telephone and paper."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from conftest import with_policies
from typer.testing import CliRunner

from supplychain.cli import app
from supplychain.scenario import scenario
from supplychain.scenario.files import every
from supplychain.show import report
from supplychain.show.figures import country_name, style, tradeoff
from supplychain.show.figures.tradeoff import NARROW, WIDE
from supplychain.show.figures.words import cardinal
from supplychain.show.report.answer import answer
from supplychain.show.report.brief import from_country, glance, opening, per_dollar
from supplychain.show.report.cases import cases_of
from supplychain.show.report.names import names_of
from supplychain.show.report.payload import payload

SCREENS = {"screen": (1280, 900), "telephone": (390, 844)}
# Of what is drawn in the opening's figure: marks and labels whose middle is in view, and all of them.
IN_VIEW = """() => {
  const seen = [...document.querySelectorAll("#opening-picture svg")].filter((svg) => svg.getClientRects().length);
  const parts = seen.flatMap((svg) => [...svg.querySelectorAll("text, use")]);
  const boxes = parts.map((part) => part.getBoundingClientRect());
  const inside = boxes.filter((box) => box.top >= 0 && (box.top + box.bottom) / 2 < window.innerHeight);
  return [seen.length, inside.length, boxes.length];
}"""
CUT = """() => [...document.querySelectorAll("figure svg, figure svg text")]
  .filter((part) => part.getClientRects().length)
  .map((part) => [part.tagName, part.textContent.slice(0, 40), part.getBoundingClientRect()])
  .filter(([, , box]) => box.right > window.innerWidth + 0.5 || box.left < -0.5)
  .map(([tag, text, box]) => `${tag} ${text} ${box.left} ${box.right}`)"""
DEAD = """() => [...document.querySelectorAll("button.data, select, input, summary, nav, noscript")]
  .filter((part) => part.checkVisibility()).map((part) => part.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module")
def stories(pair):
    """A reference, a policy, a disruption and a response, from two solved scenarios."""
    quo, away = pair
    stop = {"stop": {"kind": "export_ban", "countries": ["CHN"]}}
    unmet = pd.DataFrame(
        [(2031, "USA", "gallium", 5.0, "t", 0.4, 0.0, 1.0)],
        columns=["year", "market", "item", "amount", "unit", "share", "ended", "value_musd"],
    )
    dear = quo.tables["prices"].assign(usd_per_t=lambda t: 2 * t["observed_usd_per_t"])
    summary = quo.tables["summary"].set_index(["metric", "unit"])["value"]
    summary.loc["us_minerals_short"] = 1.0
    summary.loc["resource_cost"] += 5e3
    short = quo.tables | {"unmet": unmet, "prices": dear, "summary": summary.reset_index()[["metric", "value", "unit"]]}
    bill = pd.DataFrame(
        [("floor", "price_floor", 2030, "credit", 321.0)], columns=["policy", "kind", "year", "item", "musd"]
    )
    return [
        quo,
        with_policies(away, "diversify_away", {}, tables=away.tables | {"public": bill}, title=away.title),
        with_policies(quo, "stop", stop, tables=short, title="China stops exporting, all at once"),
        with_policies(away, "met", stop),
    ]


@pytest.fixture(scope="module")
def file(stories, two, tmp_path_factory):
    """The page about the four."""
    page = tmp_path_factory.mktemp("page") / "report.html"
    page.write_text(report.render(stories, two), encoding="utf-8")
    return page


@pytest.fixture
def opened(browser, file):
    """The page on a screen or a telephone."""

    def page(size="screen", address=""):
        one = browser(*SCREENS[size], accept_downloads=True)
        one.goto(file.as_uri() + address)
        return one

    return page


@pytest.mark.parametrize("size", SCREENS)
def test_a_picture_in_the_first_screen(opened, size):
    """One drawing of the scenarios, and most of its marks and labels, without scrolling."""
    drawings, inside, all_parts = opened(size).evaluate(IN_VIEW)
    assert drawings == 1 and all_parts > 10 and inside > all_parts / 2


@pytest.mark.parametrize("size", SCREENS)
def test_no_figure_is_cut(opened, size):
    """Each drawing and each text in it ends inside the view, whichever scenario is shown; all look at the same data."""
    page = opened(size)
    for name in ("status_quo", "diversify_away", "stop"):
        page.select_option("#pick-scenario-figures", name)
        assert page.evaluate(CUT) == []
    assert bool(page.locator("figure.anew:visible").count()) == (size == "telephone")


def test_redrawn_when_the_window_turns(opened):
    """A telephone held across, or a window made narrow, gets the drawing that fits."""
    page = opened()
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.locator("figure.anew .redrawn svg").count() >= 4 and page.evaluate(CUT) == []
    page.set_viewport_size({"width": 1280, "height": 900})
    assert page.locator("figure.anew").count() == 0


def test_the_address_keeps_the_pickers(opened):
    """Reloaded, or given to somebody else, the page shows what was chosen, at the section that was looked at."""
    page = opened()
    page.select_option("#pick-scenario", "stop")
    page.select_option("#pick-reference", "diversify_away")
    page.select_option("#pick-mineral", "tungsten")
    page.check("input[name=stage][value=mine]")
    page.click("nav a[href='#figures']")
    address = "compare=stop&with=diversify_away&mineral=tungsten&stage=mine&at=figures"
    page.wait_for_url(f"**#{address}")
    page.reload()
    for other in (page, opened(address=f"#{address}")):
        chosen = [other.input_value(f"#pick-{what}") for what in ("scenario", "reference", "mineral")]
        assert chosen == ["stop", "diversify_away", "tungsten"] and other.is_checked("input[value=mine]")
        assert abs(other.evaluate("document.getElementById('figures').getBoundingClientRect().top")) < 60


def test_an_address_that_asks_for_what_is_not_there(opened):
    """Names that the page does not have are passed over, and the rest holds; a plain anchor still works."""
    page = opened(address="#compare=nowhere&mineral=tungsten&at=elsewhere")
    assert page.input_value("#pick-scenario") == "diversify_away" and page.input_value("#pick-mineral") == "tungsten"
    assert opened(address="#mineral").evaluate("window.scrollY") > 900


def _csv(page, button):
    with page.expect_download() as download:
        page.click(button)
    assert download.value.suggested_filename.endswith(".csv")
    return list(csv.reader(download.value.path().read_text(encoding="utf-8").splitlines()))


def test_data_of_each_table_and_figure(opened, stories):
    """Every table and figure has a button; its file has what is shown, as plain numbers with the unit in the head."""
    page = opened()
    for what in ("table", "figure:has(svg)"):
        shown = page.locator(f"{what}:visible")
        assert all(shown.nth(i).locator("button.data").count() for i in range(shown.count()))
    shares = _csv(page, "#all-scenarios button.data")
    column = shares[0].index("Countries of concern 2035, %")
    told = {c.title: c.row["feoc_share"] for c in cases_of(stories)}
    assert {line[0]: float(line[column]) for line in shares[1:]} == pytest.approx(
        {title: 100 * share for title, share in told.items()}, abs=0.051
    )
    drawn = _csv(page, "#opening-picture button.data")
    assert drawn[0][2] == "countries of concern, %" and len(drawn) == 5
    assert float(drawn[1][2]) == pytest.approx(100 * told["Status quo"], abs=1e-3)


def test_tables_that_scroll_say_so(opened):
    """A table wider than a telephone has a cue until its last column is in view."""
    page = opened("telephone")
    told = page.locator(".box.more", has=page.locator("#all-scenarios"))
    told.wait_for()
    page.eval_on_selector("#all-scenarios", "(table) => { table.parentElement.scrollLeft = table.offsetWidth; }")
    told.wait_for(state="detached")


def test_print_without_dead_controls(opened):
    """On paper no button, picker or closed drawer, and the drawings that a wide sheet has."""
    page = opened("telephone")
    assert len(page.evaluate(DEAD)) > 10
    page.emulate_media(media="print")
    assert page.evaluate(DEAD) == []
    assert (
        page.locator("#opening-picture .wide").is_visible()
        and page.locator("figure.anew .drawing svg").first.is_visible()
    )


@pytest.mark.parametrize(("count", "pages"), [(1, 1), (2, 2), (3, 2), (20, 2)])
def test_the_brief_is_two_pages(browser, stories, two, tmp_path, count, pages):
    """With up to twenty scenarios of long titles, printed on A4 by Chromium; nothing in it is a control."""
    many = [
        with_policies(stories[1], f"p{i}", {}, title=f"Policy number {i} of many, with all that it brings and costs")
        for i in range(17)
    ]
    # Scenarios of short names that differ in cost alone have a picture that is drawn narrow and tall.
    few = [_dearer(stories[0], name) for name in ("Business council", "Price floors")]
    told = [stories[0], *few][:count] if count < 4 else [*stories[:3], *many]
    file = tmp_path / "brief.html"
    file.write_text(report.render_brief(told, two), encoding="utf-8")
    page = browser()
    page.goto(file.as_uri())
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4", prefer_css_page_size=True))) == pages
    assert page.locator("button, select, script:not([type])").count() == 0


def _dearer(result, title):
    """The same result with a policy, for ten million USD more."""
    summary = result.tables["summary"].set_index(["metric", "unit"])["value"].copy()
    summary.loc["resource_cost"] += 10.0
    tables = result.tables | {"summary": summary.reset_index()[["metric", "value", "unit"]]}
    return with_policies(result, title, {"x": {"kind": "recycling"}}, title=title, tables=tables)


def test_command_writes_the_brief(stories, two, tmp_path, monkeypatch):
    """`report DIR --brief` writes brief.html, which is not mistaken for the page of the same results."""
    for result in stories[:2]:
        result.save(tmp_path / "results" / result.name)
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["report", "results", "--brief", "--json"])
    assert done.exit_code == 0 and json.loads(done.stdout)[0]["written"] == "brief.html"
    brief = (tmp_path / "brief.html").read_text(encoding="utf-8")
    assert "Diversify away" in brief and "pick-mineral" not in brief
    whole = report.write(tmp_path / "results", tmp_path / "brief.html", two)
    assert "pick-mineral" in whole.read_text(encoding="utf-8")


# ---- five questions, answered from the page alone


def test_which_policy_lowers_dependence_on_china_most_per_dollar(opened, stories):
    """The answer's table: points off China's part over what the policy costs more, by hand from the results."""
    page = opened()
    row = page.locator("#per-dollar tbody tr").first
    quo, away = (_china(result) for result in stories[:2])
    cost = [r.tables["summary"].set_index("metric")["value"]["resource_cost"] / 1e3 for r in stories[:2]]
    rate = 100 * (quo - away) / (cost[1] - cost[0])
    assert row.locator("th").text_content() == "Diversify away"
    assert float(row.locator("td").nth(3).get_attribute("data-v")) == pytest.approx(rate, rel=1e-6)


def _china(result):
    """By hand: the mean over two minerals of China's share of US supply in the last year, at mine or refinery."""
    supply = result.tables["supply"].query("year == 2035 and market == 'USA' and stage in ['mine', 'refine']")
    tonnes = supply.groupby(["mineral", "stage"])["tonnes"].sum()
    china = supply[supply["country"] == "CHN"].groupby(["mineral", "stage"])["tonnes"].sum().reindex(tonnes.index)
    return float((china / tonnes).fillna(0.0).groupby(level=0).max().mean())


def test_what_central_asia_supplies_and_under_which_policy_most(opened, stories):
    """The first table of Central Asia's section."""
    page = opened()
    page.click("nav a[href='#asia']")
    for row in page.locator("#asia-most tbody tr").all():
        mineral = row.locator("th").text_content().lower()
        shares = {r.title: _asia(r, mineral) for r in stories}
        assert row.locator("td").nth(0).text_content() == f"{100 * shares['Status quo']:.1f}\u202f%"
        assert float(row.locator("td").nth(1).get_attribute("data-v")) == pytest.approx(max(shares.values()))
        best = row.locator("td").nth(2).text_content()
        assert best == "–" or shares[best] == max(shares.values())


def _asia(result, mineral):
    table = result.tables["dependence"].query("year == 2035 and market == 'USA' and stage in ['mine', 'refine']")
    return table.loc[table["mineral"] == mineral, "share_central_asia"].max()


def test_which_minerals_run_short_if_china_stops(opened):
    """One pick: the verdict names them."""
    page = opened()
    page.select_option("#pick-scenario", "stop")
    assert "one mineral runs short (gallium), against none" in page.text_content("#verdict")
    page.select_option("#pick-scenario", "diversify_away")
    assert "no mineral runs short" in page.text_content("#verdict")


def test_what_a_policy_costs_the_treasury(opened):
    """One click: the public bill, policy by policy."""
    page = opened()
    page.click("nav a[href='#public']")
    assert "321" in page.locator("#public tbody tr", has_text="Floor").text_content()


def test_who_supplies_a_mineral_and_by_which_corridor(opened, stories):
    """A click and two picks: the chain's sentence has the shares of the results' paths."""
    page = opened()
    page.click("nav a[href='#figures']")
    page.select_option("#pick-scenario-figures", "status_quo")
    page.select_option("#pick-mineral-figures", "tungsten")
    paths = stories[0].tables["paths"].query("mineral == 'tungsten' and market == 'USA' and year == 2035")
    text = page.text_content("#chain figcaption")
    for stop, words in (("mine", "mined in "), ("corridor", "arriving by ")):
        parts = paths.groupby(stop)["tonnes"].sum().div(paths["tonnes"].sum()).sort_values(ascending=False)
        name = country_name(parts.index[0]) if stop == "mine" else parts.index[0]
        said = re.search(rf"{words}{name} \((\d+)", text)
        assert said and int(said[1]) == pytest.approx(100 * parts.iloc[0], abs=0.55)
    assert page.locator("#chain svg text", has_text="Mined in").count() == 1


SAID_OF_THE_CHAIN = """([mineral, scenario]) => {
  choose("scenario", scenario);
  choose("mineral", mineral);
  return [waysInWords(DATA.scenarios[scenario].minerals[mineral].c), document.querySelector("#chain svg").textContent];
}"""


def test_the_chain_says_what_the_tables_say(opened, stories):
    """Sentence and labels have each place's whole part, ways under half a percent counted in, as supply has it."""
    page = opened()
    for result, mineral in product(stories[:2], ("gallium", "tungsten")):
        sentence, labels = page.evaluate(SAID_OF_THE_CHAIN, [mineral, result.name])
        told = dict(re.findall(r"(mined|refined) in ([^;.]*)", sentence))
        for stage, words in (("mine", "mined"), ("refine", "refined")):
            supply = result.tables["supply"].query("mineral == @mineral and market == 'USA' and year == 2035")
            tonnes = supply[supply["stage"] == stage].groupby("country")["tonnes"].sum().sort_values(ascending=False)
            parts = (100 * tonnes / tonnes.sum()).head(3)
            for country, part in parts[parts >= 1].items():
                said = re.search(rf"{country_name(country)} \((\d+)", told[words])
                assert said and int(said[1]) == pytest.approx(part, abs=0.56)
                assert f"{country_name(country)} {said[1]}\u202f%" in labels


def test_small_ways_count_in_what_is_said(opened, stories, two, tmp_path):
    """A country that everything comes from by ways too small to be drawn has its whole part in the sentence."""
    paths = stories[0].tables["paths"].query("mineral == 'tungsten' and market == 'USA' and year == 2035")
    refine = list(style.places().index[:100])
    small = pd.concat([paths.iloc[:1].assign(refine=country, tonnes=1.0) for country in refine])
    small = pd.concat([small.assign(mine="BOL", tonnes=0.4), small.assign(mine="CHN", tonnes=0.6)])
    supply = pd.DataFrame([(2035, "tungsten", "mine", c, "USA", t) for c, t in (("BOL", 40.0), ("CHN", 60.0))])
    columns = ["year", "mineral", "stage", "country", "market", "tonnes"]
    case = cases_of(
        [replace(stories[0], tables=stories[0].tables | {"paths": small, "supply": supply.set_axis(columns, axis=1)})]
    )[0]
    told = payload([case], names_of(two))["scenarios"][case.name]["minerals"]["tungsten"]
    assert told["s"]["mine"]["c"]["BOL"][1] == 400 and sum(told["a"].values()) == 1000
    assert sum(int(way.split(".")[-1]) for way in told["c"].split(";")) < 700


LABELS = """(room) => Object.keys(DATA.countries).map((id) => labelled(0, id, 340, room))
  .map((lines) => [lines.join(" "), Math.max(...lines.map((line) => widthOf(line)))])"""


@pytest.mark.parametrize("room", [77, 58])
def test_labels_of_the_chain_have_room_and_differ(opened, room):
    """On a telephone each country is named whole, on as many lines as it takes, or by its code; no two read alike."""
    page = opened("telephone")
    places = style.places()["name"].to_dict()
    page.evaluate(
        "(places) => Object.entries(places).forEach(([id, name]) => { DATA.countries[id] = [name, '']; })", places
    )
    told = page.evaluate(LABELS, room)
    assert len(told) >= len(places) and len({text for text, _ in told}) == len(told)
    assert all(width <= room for _, width in told)
    assert {text.removesuffix(" 34\u202f%") for text, _ in told} <= {*places, *places.values()}
    assert "United States 34\u202f%" in dict(told)


def test_no_title_is_wider_than_a_telephone(opened, shipped):
    """Whatever scenarios are called, each of the shipped ones beside the longest, the page does not scroll sideways."""
    page = opened("telephone")
    titles = sorted((scenario.read(name, shipped).title for name in every()), key=len)
    for title in [*titles, "Incomprehensibilities " * 8]:
        page.evaluate(
            "([one, two]) => { scenario().title = one; reference().title = two; show(); }", [title, titles[-1]]
        )
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, title
        assert page.evaluate(
            "[...document.querySelectorAll('.keys span')].every((s) => s.getBoundingClientRect().right <= innerWidth)"
        )


VERDICT = """(figures) => {
  Object.assign(reference().figures, figures[0]);
  Object.assign(scenario().figures, figures[1]);
  showVerdict();
  return document.getElementById("verdict").textContent;
}"""


def test_two_scenarios_in_a_sentence(opened):
    """Tariffs where they bring something, whole millions, what stays is said to stay, counts in words."""
    page = opened()
    before = {
        "cost_busd": 1.0,
        "public_busd": 0.0,
        "revenue_busd": 0.0,
        "feoc_share": 0.356,
        "central_asia_share": 0.03,
    }
    after = before | {"cost_busd": 1.03642, "revenue_busd": 2.0, "feoc_share": 0.35601, "central_asia_share": 0.05}
    text = page.evaluate(VERDICT, [before, after])
    assert "rises by USD\u202f36 million, tariffs bring the treasury USD\u202f2.0 billion more (present values)" in text
    assert "the countries of concern stay at 35.6\u202f% of the average mineral" in text
    assert "Central Asia goes from 3.0 to 5.0\u202f%; no mineral runs short in either." in text
    text = page.evaluate(VERDICT, [before, before | {"public_busd": -0.0312}])
    assert "cost of all supply stays the same, the treasury pays USD\u202f31 million less (present values)" in text
    assert "tariffs" not in text and page.evaluate("[0, 1, 12, 13].map(cardinal)") == [
        cardinal(n) for n in (0, 1, 12, 13)
    ]


def test_data_files_hold_names_alone(opened):
    """No badge is glued to a country's name, the first column has a head, a file's name ends with a whole word."""
    page = opened()
    page.check("input[name=stage][value=mine]")
    assert page.locator("#gainers .tag").count()
    lines = _csv(page, "#gainers button.data")
    names = set(page.evaluate("Object.values(DATA.countries).map(([name]) => name)"))
    assert lines[0][0] == "Country" and {line[0] for line in lines[1:]} <= names
    figures = page.locator("figure[data-mineral]:visible, figure:has(.drawing):visible")
    for one in figures.all():
        with page.expect_download() as download:
            one.locator("button.data").click()
        assert download.value.path().read_text(encoding="utf-8").split(",")[0]
    title = "Cost of all supply by kind, present value, billion USD; the largest difference first"
    assert page.evaluate("fileName", title) == "cost_of_all_supply_by_kind_present_value_billion_usd_the"
    assert page.evaluate("plain", "+27\u202fm") == "0.027"


def test_no_multiple_beyond_ten(opened):
    """On a telephone as on a screen, from ten times the normal price on, no figure that only seems exact."""
    page = opened("telephone")
    assert page.evaluate("[9.94, 9.95, 22].map(multiple)") == ["9.9", "10+", "10+"]


# ---- what is said


def _with(case, **row):
    return replace(case, row=case.row | row)


def test_tenths_of_a_point_make_no_first(stories):
    """Scenarios within half a point are named together, the cheapest first; what is near the reference is no gain."""
    quo, away = cases_of(stories[:2])
    quo = _with(quo, feoc_share=0.35, central_asia_share=0.03)
    one = replace(
        _with(away, feoc_share=0.242, cost_busd=quo.row["cost_busd"] + 7, central_asia_share=0.0745),
        result=replace(away.result, title="Tariffs, all"),
    )
    two = _with(away, feoc_share=0.244, cost_busd=quo.row["cost_busd"] + 0.2, central_asia_share=0.071)
    seen = opening([quo, one, two])
    assert (
        "“Diversify away” and “Tariffs” lower that most, to 24\u202f%, and supplying the world under “Diversify"
        in seen.sentence
    )
    assert "under “Diversify away” or “Tariffs”" in seen.numbers[0][1]
    assert "under “Tariffs” or “Diversify away”" in seen.numbers[2][1]
    (_, diversifying), (_, shocks) = answer([quo, one, two], {})[1:]
    assert (
        "“Diversify away” and “Tariffs” lower that share most, and about equally, to 24.4\u202f% and 24.2"
        in diversifying
    )
    assert "at most 7.4\u202f%, in “Tariffs” and “Diversify away”, less than half a point apart" in shocks
    near = _with(two, central_asia_share=0.033)
    assert "no scenario here raises that by half a point" in answer([quo, near], {})[2][1]
    assert opening([quo, near]).numbers[2][0] == "3.0\u202f%"


def test_policies_that_lower_nothing(stories):
    """One policy does not lower it, none of several does; what is spent is told in millions where it is little."""
    quo, away = cases_of(stories[:2])
    idle = _with(away, feoc_share=quo.row["feoc_share"], cost_busd=quo.row["cost_busd"] + 0.0364, public_busd=0.0312)
    seen = opening([quo, idle])
    assert seen.sentence.endswith(", and the one policy here does not lower it.")
    assert seen.numbers[1][0] == "USD\u202f36\u202fmillion"
    assert opening([quo, idle, idle]).sentence.endswith(", and none of two policies here lowers it.")
    assert [line["extra"] for line in glance([quo, idle])] == ["0.0", "+36\u202fm"]
    assert glance([quo, idle])[1]["public"] == "31\u202fm"


def test_opening_is_computed(stories):
    """The sentence and the numbers are those of the summary; they turn with it."""
    cases = cases_of(stories)
    seen = opening(cases)
    concern = [case.row["feoc_share"] for case in cases]
    assert f"supply {100 * concern[0]:.0f}\u202f% of the average" in seen.sentence
    assert f"“Diversify away” lowers that to {100 * concern[1]:.0f}\u202f%" in seen.sentence
    assert seen.numbers[0][0] == f"{100 * concern[0]:.0f} → {100 * concern[1]:.0f}\u202f%"
    assert (
        seen.numbers[1][0] == "USD\u202f5.0\u202fbn"
        and "“China stops exporting”; one mineral runs short" in seen.numbers[1][1]
    )
    assert from_country(cases[0], "CHN") == pytest.approx(_china(stories[0]))
    assert opening(cases[:1]) is None


def test_per_dollar_puts_what_costs_nothing_first(stories):
    """The most points for a dollar come first, before them what costs nothing; what lowers nothing is left out."""
    quo, away = stories[:2]
    summary = away.tables["summary"].set_index(["metric", "unit"])["value"]
    cheap = summary.copy()
    cheap.loc["resource_cost"] = quo.tables["summary"].set_index("metric")["value"]["resource_cost"] - 1.0
    free = away.tables | {"summary": cheap.reset_index()[["metric", "value", "unit"]]}
    idle = with_policies(quo, "idle", {"x": {"kind": "recycling"}})
    rows = per_dollar(cases_of([quo, away, with_policies(away, "free", {}, tables=free), idle])).rows
    assert [row[0].text for row in rows] == ["free", "Diversify away"] and rows[0][4].text == "costs nothing"


def test_short_minerals_are_those_that_the_summary_counts(stories, two):
    """The names that the page gives are as many as the summary counts."""
    cases = cases_of(stories)
    told = payload(cases, names_of(two))["scenarios"]
    assert {case.name: len(told[case.name]["short"]) for case in cases} == {c.name: c.row["short"] for c in cases}


def test_one_name_a_country(shipped):
    """The page calls each country as the figures do."""
    names = names_of(shipped)
    assert {place: names.place(place) for place in style.places().index} == dict(style.places()["name"])
    assert names.place("VNM") == "Vietnam" and names.place("MMR") == "Myanmar"


def _points(seed):
    """Twenty scenarios as they come: most of them close together, a few far off."""
    chance = np.random.default_rng(seed)
    near = chance.normal(0.35, 0.004, 16)
    return pd.DataFrame(
        {
            "label": [f"Scenario number {i}" + i % 2 * " of some length" for i in range(20)],
            "group": ["reference", *["policy"] * 13, *["disruption"] * 4, *["response"] * 2],
            "extra_busd": [0.0, *chance.exponential(0.2, 15), 7.0, 0.15, 71.0, -0.3],
            "concern": [*near, 0.25, 0.24, 0.19, 0.35],
            "central_asia": chance.uniform(0.03, 0.08, 20),
        }
    )


@pytest.mark.parametrize("layout", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("seed", range(3))
def test_labels_of_the_picture_do_not_meet(layout, seed):
    """Each scenario has its label, no two of them meet, and all are inside the figure."""
    points = _points(seed)
    ax = tradeoff(points, layout)
    figure = style.figure_of(ax)
    figure.draw_without_rendering()
    labels = [text for text in ax.texts if text.get_text().replace("\n", " ") in set(points["label"])]
    assert len(labels) == 20
    boxes = [text.get_window_extent() for text in labels]
    assert not [(a, b) for a, b in combinations(boxes, 2) if a.shrunk(0.98, 0.9).overlaps(b.shrunk(0.98, 0.9))]
    assert all(
        box.x0 >= 0 and box.x1 <= figure.bbox.x1 * 1.06 and box.y0 >= 0 and box.y1 <= figure.bbox.y1 for box in boxes
    )


def test_marks_of_the_picture_are_the_data():
    """A mark stands at its share and cost, and its area goes with Central Asia's share."""
    points = _points(0).sort_values("central_asia", ascending=False)
    marks = tradeoff(points).collections[0]
    assert np.allclose(marks.get_offsets(), points[["concern", "extra_busd"]].to_numpy() * [100, 1])
    assert np.allclose(
        marks.get_sizes() / marks.get_sizes()[0], points["central_asia"] / points["central_asia"].iloc[0]
    )
