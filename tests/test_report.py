"""The report page: true sentences, figures with words, pickers that work, and nothing fetched from anywhere."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from itertools import pairwise, product

import pandas as pd
import pytest
from conftest import CASES, only, with_policies
from typer.testing import CliRunner

import supplychain
from supplychain.cli import app
from supplychain.facts.errors import InputError
from supplychain.results import run as job
from supplychain.results import verdict
from supplychain.results.summary import SHORT, SHORT_PRICE, observed_multiples
from supplychain.show import figures, report
from supplychain.show.figures import draw_results, region
from supplychain.show.report import telling, words
from supplychain.show.report.answer import answer
from supplychain.show.report.cases import cases_of
from supplychain.show.report.names import names_of, policy_in_words
from supplychain.show.report.payload import payload

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
LEGIBLE = """() => {
  const small = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim(), parent = walker.currentNode.parentElement;
    if (!text || !parent.getClientRects().length) continue;
    const matrix = parent.closest("svg") ? parent.getScreenCTM() : { a: 1, b: 0 };
    const size = parseFloat(getComputedStyle(parent).fontSize) * Math.hypot(matrix.a, matrix.b);
    if (size < 10.95) small.push(`${size.toFixed(1)} px: ${text.slice(0, 30)}`);
  }
  return small;
}"""


@pytest.fixture(scope="module")
def known(shipped):
    """The facts of two minerals."""
    return only(shipped, ["antimony", "tungsten"])


@pytest.fixture(scope="module")
def results(known):
    """Two scenarios solved, with rows made up for tables that come out empty on two minerals."""
    quo, away = (job.run(name, known) for name in ("status_quo", "diversify_away"))
    keys = {"year": 2030, "mineral": "antimony", "stage": "refine", "country": "TJK"}
    made_up = {
        "byproducts": pd.DataFrame(
            [keys | {"available_t": 90.0, "used_t": 90.0, "unsold_t": 0.0, "shadow_price_usd_per_t": 5000.0}]
        ),
        "public": pd.DataFrame(
            [("a_fund", "investment_fund", year, "capital", 7.5) for year in (2030, 2031)],
            columns=["policy", "kind", "year", "item", "musd"],
        ),
        "stocks": pd.DataFrame(
            [(2035, "antimony", "USA", 10.0, 0.0, 1234.0, 1000.0)],
            columns=["year", "mineral", "market", "bought_t", "released_t", "level_t", "target_t"],
        ),
    }
    return [quo, dataclasses.replace(away, tables=away.tables | made_up)]


@pytest.fixture(scope="module")
def folder(results, tmp_path_factory):
    """A results folder with both."""
    place = tmp_path_factory.mktemp("results")
    for result in results:
        result.save(place / result.name)
    return place


@pytest.fixture(scope="module")
def file(folder, known, tmp_path_factory):
    """The page about both."""
    return report.write(folder, tmp_path_factory.mktemp("page") / "report.html", known)


@pytest.fixture(scope="module")
def plain(dantzig, tmp_path_factory):
    """A results folder about other markets and money, of which a page is made quickly."""
    place = tmp_path_factory.mktemp("plain")
    dantzig.save(place / "dantzig")
    return place


@pytest.fixture(scope="module")
def cases(folder):
    """The scenarios as the page sees them."""
    return cases_of(report.read_results(folder))


@pytest.fixture
def opened(browser, file):
    """The page in a browser of a given size, with what it asked for and complained of."""

    def page(size="desktop", of=file):
        width, height = SIZES[size]
        one = browser(width=width, height=height)
        one.asked, one.said = [], []
        one.on("request", lambda request: one.asked.append(request.url))
        one.on("console", lambda message: one.said.append(message.text) if message.type != "log" else None)
        one.on("pageerror", lambda error: one.said.append(str(error)))
        one.goto(of.as_uri())
        return one

    return page


@pytest.mark.parametrize("size", SIZES)
def test_opens_anywhere(opened, size, axe_source):
    """No request, no console error, no sideways scrolling, no text under 11 px, no serious fault for axe-core."""
    page = opened(size)
    assert len(page.asked) == 1 and page.asked[0].startswith("file:")
    assert page.said == []
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert page.evaluate(LEGIBLE) == []
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    page.evaluate(axe_source)
    faults = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
    assert [(f["id"], f["nodes"][0]["html"]) for f in faults if f["impact"] in ("serious", "critical")] == []
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_headings_and_ids(opened):
    """Headings go down one level at a time, every id is there once, every figure says what is to be seen."""
    page = opened()
    levels = page.eval_on_selector_all("h1,h2,h3,h4", "nodes => nodes.map((node) => Number(node.tagName[1]))")
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = page.eval_on_selector_all("[id]", "nodes => nodes.map((node) => node.id)")
    assert len(ids) == len(set(ids))
    told = page.eval_on_selector_all("figure svg", "nodes => nodes.map((node) => node.getAttribute('aria-label'))")
    assert len(told) >= 10 and all(len(text) > 60 for text in told)
    assert sum(bool(re.search(r"\d", text)) for text in told) >= 10


def test_scenario_picker(opened, results):
    """What is chosen in one place holds everywhere; differences are those of the summary, and turn with the order."""
    page = opened()
    before, after = (result.summary.set_index("metric")["value"]["resource_cost"] for result in results)
    extra = (after - before) / 1e3
    cell = page.locator("#metrics tbody tr", has_text="Resource cost of all supply").locator("td").nth(2)
    assert cell.text_content() == words.signed(extra, 2)
    assert page.locator("#figures [data-of=diversify_away]").is_visible()
    assert not page.locator("#figures [data-of=status_quo]").is_visible()
    page.select_option("#pick-reference", "diversify_away")
    page.select_option("#pick-scenario-binds", "status_quo")
    assert cell.text_content() == words.signed(-extra, 2)
    assert page.input_value("#pick-scenario") == page.input_value("#pick-scenario-mineral") == "status_quo"
    assert not page.locator("#figures [data-of=diversify_away]").is_visible()
    assert "falls by" in page.text_content("#verdict")
    page.select_option("#pick-reference", "status_quo")
    assert "two different" in page.text_content("#verdict")
    assert page.said == []


def test_policies_that_differ(opened):
    """Each policy that only one scenario has is listed with its fields in words, and its grounds."""
    page = opened()
    row = page.locator("#policies tbody tr", has_text="concern cap")
    assert row.locator("td").nth(0).text_content() == "not in it"
    text = row.locator("td").nth(1).text_content()
    assert "countries of concern" in text and "2035: 40" in text and "Assumption" in text


def test_mineral_picker(opened, cases):
    """Suppliers, figures, what binds and the charts are those of the mineral chosen, as the tables have them."""
    page = opened()
    for mineral, name in (("antimony", "Antimony"), ("tungsten", "Tungsten")):
        page.select_option("#pick-mineral", mineral)
        assert page.text_content("#one-mineral h3").startswith(name)
        ends = cases[1].home("dependence").query("mineral == @mineral and stage == 'mine' and year == 2035").iloc[0]
        row = page.locator("#one-mineral tr", has_text="Countries of concern at the mine").first
        assert row.locator("td").nth(1).text_content() == words.percent(ends["share_feoc"], 1)
        assert page.locator("#one-mineral svg").count() == 2
    page.select_option("#pick-mineral", "antimony")
    text = page.text_content("#one-mineral")
    asia = ["KAZ", "UZB", "KGZ", "TJK", "TKM"]
    built = cases[1].table("capacity").query("mineral == 'antimony' and built_t > 1 and site != 'expansion'")
    built = built[built["country"].isin(asia)]
    assert "In US stockpiles" in text and len(built) and all(name in text for name in built["name"])
    page.click("#by-mineral a:has-text('Tungsten')")
    assert page.input_value("#pick-mineral") == "tungsten"


def test_where_it_is_counted(opened):
    """The radio buttons say at which stage supply is counted."""
    page = opened()
    before = page.text_content("#gainers")
    page.check("input[name=stage][value=mine]")
    assert "at the mine" in page.text_content("#gainers caption")
    assert page.text_content("#gainers") != before


def test_tables_sort(opened):
    """A head sorts its column, again turns it, says so in aria-sort, and works from the keyboard."""
    page = opened()
    head = page.locator("#all-scenarios th", has_text="Countries of concern")
    shares = "table => [...table.tBodies[0].rows].map((row) => Number(row.cells[9].dataset.v))"
    head.locator("button").click()
    once = page.eval_on_selector("#all-scenarios", shares)
    assert head.get_attribute("aria-sort") == "descending" and once == sorted(once, reverse=True)
    head.locator("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    assert page.eval_on_selector("#all-scenarios", shares) == sorted(once) != once
    page.locator("#all-scenarios th", has_text="Scenario").locator("button").click()
    assert head.get_attribute("aria-sort") == "none"
    names = page.locator("#all-scenarios tbody th").all_text_contents()
    assert names == sorted(names)


def test_readable_without_scripts(browser, file):
    """Without JavaScript the answer, every scenario's figures and all fixed tables are there."""
    page = browser(java_script_enabled=False)
    page.goto(file.as_uri())
    for what in ("#answer .answer", "#all-scenarios", "[data-of=status_quo] svg", "[data-of=diversify_away] svg"):
        assert page.locator(what).first.is_visible(), what
    assert not page.locator("#verdict").is_visible()


def test_every_table_of_the_results_is_shown(opened):
    """Public bill, by-products, corridors, certificate and sources appear with the figures of the results."""
    page = opened()
    assert "A fund" in page.text_content("#public") and "15.0" in page.text_content("#public tbody")
    binds = page.text_content("#binds [data-of=diversify_away]")
    assert "By-products of which hosts give no more" in binds and "Corridors out of Central Asia" in binds
    assert "Concern cap" in binds
    assert "HiGHS" in page.text_content("#certificate") and "optimal" in page.text_content("#certificate")
    assert "Mineral Commodity Summaries" in page.text_content("#sources")


def test_texts_of_a_scenario_stay_text(opened, results, known, tmp_path):
    """Markup in a title or a story is shown as it is written, and runs nowhere."""
    evil = "</script><img src=x onerror=\"document.title='run'\"><b>bold</b>"
    manifest = json.loads(json.dumps(results[1].manifest))
    manifest["scenario"]["resolved"]["story"] = manifest["scenario"]["resolved"]["title"] = evil
    other = dataclasses.replace(results[1], title=evil, manifest=manifest)
    file = tmp_path / "evil.html"
    file.write_text(report.render([results[0], other], known), encoding="utf-8")
    page = opened(of=file)
    assert page.said == [] and page.title() != "run" and page.locator("img, b").count() == 0
    assert page.text_content("#story") == evil


def test_writes_figures_as_the_script_does(opened):
    """Python and JavaScript write numbers alike."""
    page = opened()
    for value, decimals in ((1234567.891, 1), (-0.04, 1), (-1234.6, 0), (999.96, 1), (0.0, 2), (12345.678, 2)):
        assert page.evaluate(f"number({value}, {decimals})") == words.number(value, decimals)
        assert page.evaluate(f"signed({value}, {decimals})") == words.signed(value, decimals)


@pytest.mark.slow
def test_same_page_twice(results, known):
    """Two pages from the same results are the same to the byte."""
    assert report.render(results[:1], known) == report.render(results[:1], known)


def test_small_enough(file, cases, known):
    """Twenty scenarios of 35 minerals stay under 5 MB, if data grow in proportion to minerals (today they have 4.3)."""
    text = file.read_text(encoding="utf-8")
    data = len(json.dumps(payload(cases, names_of(known))["scenarios"]["diversify_away"]["minerals"])) / 2
    drawn = re.findall(r"<svg.*?</svg>", text.split('data-of="diversify_away"')[1], flags=re.DOTALL)
    light = sum(len(svg) for svg in drawn if "Map of the ways" not in svg)
    assert 20 * (35 * data + light + 40_000) + 700_000 < 5_000_000
    assert len(text) < 700_000


def test_answer_is_computed(cases, known):
    """The sentences hold the figures of the summary, and turn when the results turn."""
    names = dict(names_of(known).minerals)
    (_, dependence), (_, diversifying), (_, shocks) = answer(cases, names)
    assert f"countries of concern supply {words.percent(cases[0].row['feoc_share'])} of" in dependence
    assert "for two of two minerals" in dependence
    assert f"to {words.percent(cases[1].row['feoc_share'])}; it raises the resource cost" in diversifying
    assert words.percent(cases[1].row["central_asia_share"], 1) in shocks and "no disruption" in shocks
    turned = [dataclasses.replace(case, row=other.row) for case, other in zip(cases, reversed(cases), strict=True)]
    (_, dependence), (_, diversifying), (_, shocks) = answer(turned, names)
    assert f"countries of concern supply {words.percent(cases[1].row['feoc_share'])} of" in dependence
    assert "does not lower" in diversifying and "lowers the resource cost of all supply" in diversifying
    assert "no scenario here raises that" in shocks


def test_answer_knows_a_disruption(cases, known):
    """A scenario that cuts exports is a disruption: the costliest is told of, with what is lost."""
    losses = {"cost_busd": cases[0].row["cost_busd"] + 80, "short": 3, "vehicles_lost": 75129.8, "gw_lost": 27.1}
    stop = dataclasses.replace(cases[1], group="disruption", row=cases[1].row | losses)
    text = answer([cases[0], cases[1], stop], dict(names_of(known).minerals))[2][1]
    assert "raises the resource cost of all supply by USD\u202f80.0 billion" in text
    assert f"leaves three minerals short ({words.SHORTAGE})" in text and "75\u202f100 electric vehicles" in text


def test_a_disruption_is_known_by_its_policies(results):
    """What cuts exports or closes a way beyond the reference's own policies; with other policies it is a response."""
    stop = {"stop": {"kind": "export_ban", "countries": ["CHN"]}}
    closed = {"closed": {"kind": "corridor", "closed": True, "known_from": 2027}}
    better = {"better": {"kind": "corridor", "days_multiple": 0.5}}
    added = [
        with_policies(results[0], "a", better),
        with_policies(results[0], "b", stop),
        with_policies(results[0], "c", closed),
        with_policies(results[1], "d", stop),
    ]
    assert [(c.name, c.group) for c in cases_of([*reversed(added), results[0]])] == [
        ("status_quo", "reference"),
        ("a", "policy"),
        ("b", "disruption"),
        ("c", "disruption"),
        ("d", "response"),
    ]


def test_payload_adds_up(cases, known):
    """Costs by kind add up to the objective, the shares of each stage's countries to one."""
    data = payload(cases, names_of(known))
    for case in cases:
        told = data["scenarios"][case.name]
        assert sum(told["costs"].values()) == pytest.approx(case.result.objective / 1e9, rel=1e-4)
        for mineral in told["minerals"].values():
            for stage in mineral["s"].values():
                assert sum(shares[1] for shares in stage["c"].values()) == pytest.approx(1000, abs=15)


def test_text_alternatives_follow_the_tables(cases, known):
    """What a figure's text says changes with the figures."""
    scene = telling.Scene(cases[1], cases[0], "antimony", names_of(known))
    assert "for two minerals in 2025 and for no mineral in 2035" in telling.dependence(scene)
    table = scene.case.table("dependence").assign(share_feoc=0.75)
    risen = dataclasses.replace(cases[1].result, tables=cases[1].result.tables | {"dependence": table})
    text = telling.dependence(dataclasses.replace(scene, case=dataclasses.replace(cases[1], result=risen)))
    assert "for two minerals in 2025 and for two minerals in 2035" in text and "(75" in text
    assert "Antimony for the United States in 2035" in telling.chain(scene)


def test_captions_say_what_titles_say(cases, known):
    """Where Central Asia gains most, and what a scenario costs whoever pays, stand in the caption as in the title."""
    scene = telling.Scene(cases[1], cases[0], "antimony", names_of(known))
    table = scene.case.table("dependence").assign(share_central_asia=0.0)
    at = [("antimony", "mine", 0.341, 0.69), ("antimony", "refine", 0.1, 0.47), ("tungsten", "mine", 0.0, 0.1)]
    for (mineral, stage, *shares), (end, year) in product(at, enumerate(scene.ends)):
        rows = (table["mineral"] == mineral) & (table["stage"] == stage) & (table["year"] == year)
        table.loc[rows, "share_central_asia"] = shares[end]
    scene = dataclasses.replace(scene, case=_with_table(cases[1], "dependence", table))
    title = region.region_takeaway(figures.central_asia_shares(scene.case.result))
    assert "it gains most in antimony, 37 points (refined)" in title
    assert "It gains most in antimony: 37 points (refined) since 2025." in telling.central_asia(scene)


def test_what_the_treasury_pays_is_told_apart(cases, known):
    """A scenario that is cheaper only because credits are paid says what it costs without transfers."""
    costs = cases[0].table("costs")
    paid = costs[costs["item"] == "mine"].assign(item="credit", kind="transfer", musd=-400.0)
    scene = telling.Scene(
        _with_table(cases[0], "costs", pd.concat([costs, paid])), cases[0], "antimony", names_of(known)
    )
    assert "billion less (no difference without transfers); the largest steps" in telling.waterfall(scene)
    scene = telling.Scene(
        _with_table(cases[0], "costs", costs.assign(musd=2 * costs["musd"])), cases[0], "tin", names_of(known)
    )
    assert "without transfers" not in telling.waterfall(scene)


def _with_table(case, name, table):
    return dataclasses.replace(case, result=dataclasses.replace(case.result, tables=case.result.tables | {name: table}))


def test_large_limits_are_written_out(known):
    """Millions of tonnes in a policy's fields have all their digits, and no exponent."""
    fields = dict(
        policy_in_words({"kind": "corridor", "capacity_t": {"2026": 3_000_000, "2028": 5.7e6}}, names_of(known))
    )
    assert fields["Capacity, t"] == "2026: 3\u202f000\u202f000, 2028: 5\u202f700\u202f000"


def test_use_given_up_is_not_called_short(cases, known):
    """Half a percent of use given up is less than what the page calls short."""
    scene = telling.Scene(cases[0], cases[0], "antimony", names_of(known))
    row = {"year": 2031, "market": "USA", "item": "antimony", "amount": 5.0, "unit": "t", "share": 0.02}
    given_up = dataclasses.replace(scene, case=_with_table(cases[0], "unmet", pd.DataFrame([row])))
    assert "over half a percent of one item in some year. The worst: antimony (2" in telling.unmet(given_up)
    none = dataclasses.replace(scene, case=_with_table(cases[0], "unmet", pd.DataFrame([row | {"share": 0.001}])))
    assert "short" not in telling.unmet(given_up) + telling.unmet(none)


def test_short_is_said_as_it_is_counted(opened):
    """Wherever the page says what short is, it says the price too; the words are those of the summary's rule."""
    assert (
        (SHORT, SHORT_PRICE) == (0.05, 1.5) and "over 5\u202f%" in words.SHORTAGE and "one and a half" in words.SHORTAGE
    )
    page = opened()
    for where in ("#answer .note", "#scenarios .note", "#metrics"):
        assert "at more than one and a half times the normal price" in page.text_content(where), where
    assert "normal price" in verdict.TERMS


@pytest.mark.parametrize(
    ("name", "said"), [("mp_materials", "MP materials"), ("exim_finance", "EXIM finance"), ("export_ban", "Export ban")]
)
def test_ids_are_said_as_words(name, said):
    """Acronyms are left in capitals."""
    assert words.spoken(name) == said


def test_other_money_than_dollars(opened, plain, tmp_path):
    """Results that are about other markets and money make a page without the United States."""
    file = report.write(plain, tmp_path / "page.html", supplychain.read_data(CASES / "dantzig"))
    page = opened("phone", file)
    assert page.said == []
    assert "153.6" in page.text_content("#answer") and page.locator("#compare").count() == 0


@pytest.mark.slow
def test_page_takes_the_figures_that_are_there(folder, known, file, tmp_path):
    """Figures that `run` has drawn are taken, and the page is the same to the byte; those of another result are not."""
    place = tmp_path / "results"
    shutil.copytree(folder, place)
    draw_results([place / "diversify_away", place / "status_quo"], observed_multiples(known), place)
    with_figures = report.write(place, tmp_path / "page.html", known)
    assert with_figures.read_bytes() == file.read_bytes()
    svg = place / "status_quo" / "figures" / "dependence.svg"
    svg.write_text(svg.read_text(encoding="utf-8").replace("Antimony", "Taken"), encoding="utf-8")
    assert "Taken" in report.write(place, tmp_path / "taken.html", known).read_text(encoding="utf-8")
    record = place / "status_quo" / "figures" / "drawn.json"
    record.write_text(record.read_text(encoding="utf-8").replace('"of": "', '"of": "x'), encoding="utf-8")
    assert report.write(place, tmp_path / "anew.html", known).read_bytes() == file.read_bytes()


def _run(*arguments):
    return CliRunner().invoke(app, ["report", *map(str, arguments)])


def test_command_writes_one_file(plain, tmp_path):
    """`supplychain report DIR --to FILE` writes that file and nothing beside it."""
    done = _run(plain, "--to", tmp_path / "new" / "report.html", "--data", CASES / "dantzig", "--json")
    assert done.exit_code == 0 and json.loads(done.stdout)[0]["bytes"] > 20_000
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["report.html"]


@pytest.mark.parametrize("fault", ["none", "empty", "broken", "no_horizon", "twice"])
def test_not_a_results_folder(folder, tmp_path, fault):
    """One line with the folder, exit status 2, and the page that was there stays as it was."""
    place, page = tmp_path / "results", tmp_path / "report.html"
    page.write_text("as it was", encoding="utf-8")
    if fault != "none":
        place.mkdir()
    if fault in ("broken", "no_horizon", "twice"):
        shutil.copytree(folder / "status_quo", place / "a")
        manifest = place / "a" / "manifest.json"
        if fault == "twice":
            shutil.copytree(place / "a", place / "b")
        elif fault == "broken":
            manifest.write_text("{", encoding="utf-8")
        else:
            content = json.loads(manifest.read_text(encoding="utf-8"))
            del content["scenario"]["resolved"]["horizon"]
            manifest.write_text(json.dumps(content), encoding="utf-8")
    done = _run(place, "--to", page)
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1 and str(place) in done.stderr and "Traceback" not in done.stderr
    assert page.read_text(encoding="utf-8") == "as it was"
    assert sorted(file.name for file in tmp_path.iterdir() if file != place) == ["report.html"]


def test_cannot_be_written(plain, known, tmp_path):
    """A target that is a folder is one fault, and no half-written file stays behind."""
    (tmp_path / "report.html").mkdir()
    with pytest.raises(InputError, match="cannot be written"):
        report.write(plain, tmp_path / "report.html", known)
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_a_page_of_the_same_results_stays(pair, two, tmp_path):
    """A second page from unchanged results is not made; from another result it is."""
    for result in pair:
        result.save(tmp_path / "results" / result.name)
    page = report.write(tmp_path / "results", tmp_path / "page.html", two)
    before = page.stat().st_mtime_ns
    assert report.write(tmp_path / "results", page, two).stat().st_mtime_ns == before
    dataclasses.replace(pair[1], title="Another title").save(tmp_path / "results" / pair[1].name)
    manifest = tmp_path / "results" / pair[1].name / "manifest.json"
    manifest.write_text(manifest.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert report.write(tmp_path / "results", page, two).stat().st_mtime_ns != before
    assert "Another title" in page.read_text(encoding="utf-8")
