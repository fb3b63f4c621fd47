"""The page and the picture of the house say what the code says; `make docs` writes them anew."""

from __future__ import annotations

import importlib.util
import re

import pytest
from conftest import ROOT
from test_architecture import ROOMS

DOCS = ROOT / "docs"
STALE = "run `make docs`"


@pytest.fixture(scope="module")
def house():
    """docs/house.py as a module."""
    spec = importlib.util.spec_from_file_location("house", DOCS / "house.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_not_stale(house):
    """docs/architecture.md holds the rooms' own words and the arrows of today's imports."""
    assert (DOCS / "architecture.md").read_text(encoding="utf-8") == house.page(), STALE


def test_the_picture_is_not_stale(house):
    """The arrows that docs/house.svg was drawn from, which it carries as its description, are those of today."""
    picture = (DOCS / "house.svg").read_text(encoding="utf-8")
    drawn = re.search(r"<dc:description>(.*?)</dc:description>", picture, flags=re.DOTALL)[1]
    assert drawn.replace("&gt;", ">") == house.as_text(house.arrows()), STALE


def test_arrows_are_counted_from_imports(house, tmp_path, monkeypatch):
    """A module that another room names counts once for each module that names it; a room's own do not count."""
    (tmp_path / "supplychain" / "facts").mkdir(parents=True)
    (tmp_path / "supplychain" / "show").mkdir()
    (tmp_path / "supplychain" / "facts" / "a.py").write_text("")
    (tmp_path / "supplychain" / "show" / "one.py").write_text(
        "from supplychain.facts.a import x, y\nfrom supplychain.facts import a\nfrom supplychain.show import two\n"
    )
    (tmp_path / "supplychain" / "show" / "two.py").write_text("def f():\n    import supplychain.facts.a\n")
    monkeypatch.setattr(house, "DOCS", tmp_path / "docs")
    monkeypatch.setattr(house, "PACKAGE", tmp_path / "supplychain")
    monkeypatch.setattr(house, "ROOMS", {"facts": "#000000", "show": "#000000"})
    assert house.arrows() == {("facts", "show"): 2}


def _modules(house):
    return [file for room in ROOMS for file in house.files_of(room) if file.stem not in ("__init__", room)]


def test_the_picture_has_every_room_and_arrow(house):
    """Rooms stand in their order, and every number is drawn; every arrow leads forward."""
    assert list(house.ROOMS) == ROOMS
    found = house.arrows()
    assert all(ROOMS.index(giver) < ROOMS.index(taker) for giver, taker in found)
    texts = [text.get_text() for text in house.picture().axes[0].texts]
    assert [text for text in texts if text in ROOMS] == ROOMS
    assert sorted(text for text in texts if text.isdigit()) == sorted(map(str, found.values()))
    assert all(any(file.stem in text for text in texts) for file in _modules(house))
