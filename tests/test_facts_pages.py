"""The pages of facts: what `make docs` counts in them is not stale, and one finds one's way about them."""

from __future__ import annotations

import importlib.util
import re
from itertools import chain

import pandas as pd
import pytest
from conftest import ROOT

from supplychain import read_data
from supplychain.facts.dataset import coverage

DOCS = ROOT / "docs"
PAGES = [DOCS / "data.md", *sorted((DOCS / "data").glob("*.md"))]
LONGEST_LINE, LONGEST_PAGE = 160, 16_000
STALE = "run `make docs`"


@pytest.fixture(scope="module")
def facts():
    """docs/facts.py as a module."""
    spec = importlib.util.spec_from_file_location("facts_pages", DOCS / "facts.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def data():
    """The shipped facts."""
    return read_data()


def test_no_page_is_stale(facts, data):
    """Every page is as `make docs` would leave it, and there is none beside those."""
    written = facts.pages(data)
    assert sorted(written) == sorted(PAGES)
    assert [file.name for file, text in written.items() if file.read_text(encoding="utf-8") != text] == [], STALE


def test_every_mineral_and_every_table_has_one_page(facts, data):
    """Nothing that the facts hold goes untold, or is told twice."""
    minerals = [mineral for page in facts.CLASSES for mineral in facts.minerals_of(data, page)]
    assert sorted(minerals) == sorted(data.names("minerals"))
    assert sorted(chain(*facts.TABLES.values())) == sorted(coverage(data)["table"])


def test_outputs_by_hand(facts, data):
    """Shares of the world's output, largest first; the unnamed lead nowhere, a source named twice comes first."""
    rows = [("KAZ", 60.0, "b", "judged"), ("CHN", 100.0, "a", ""), ("XXX", 220.0, "b", ""), ("USA", 20.0, "", "")]
    made = pd.DataFrame(rows, columns=["country", "output_t", "source", "estimate"])
    made = made.assign(mineral="tungsten", stage="mine", year=2025)
    known = {"production": made, "stages": data["stages"], "groups": data["groups"]}
    told = facts.outputs(known, ["tungsten"])
    assert told.loc[0].tolist() == ["tungsten", "mine", 400.0, "CHN 25, KAZ 15, USA 5", "15.0", "1 of 4", "`b`, `a`"]


def test_counts_are_those_of_the_tables(facts, data):
    """Uranium's rows, counted table by table."""
    told = facts.rows_of(data, ["uranium"])
    tables = [data[name] for name in coverage(data)["table"]]
    assert len(told) == sum((table["mineral"] == "uranium").sum() for table in tables if "mineral" in table)


@pytest.mark.parametrize("text", ["no place", "<!-- a: counted by make docs --> <!-- end of a -->" * 2])
def test_a_page_without_its_place_is_refused(facts, text):
    """A part is never written beside its place, or into two."""
    with pytest.raises(ValueError, match="once"):
        facts.filled(text, "a", "part")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_nobody_scrolls_far(page):
    """Text is wrapped (a row of a table, or an address, cannot be), and no page is long."""
    text = page.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("|") and "](http" not in line]
    assert [line for line in lines if len(line) > LONGEST_LINE] == []
    assert len(text) < LONGEST_PAGE


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted(DOCS.glob("*.md")), *PAGES[1:]], ids=lambda p: p.stem)
def test_links_lead_somewhere(page):
    """Every link to another page of the project finds it, and to a heading that heading."""
    targets = re.findall(r"\]\(((?![a-z]+:)[^)\s]*\.md(?:#[^)\s]*)?)\)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not _leads(page, target)] == []


def _leads(page, target):
    name, _, anchor = target.partition("#")
    file = page.parent / name
    if not anchor or not file.exists():
        return file.exists()
    headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return anchor in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
