"""What several tests share: the facts, a part of them, and a browser for the tests of the page."""

from __future__ import annotations

import dataclasses
import gc
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from playwright.sync_api import Page, sync_playwright

from supplychain.facts import dataset
from supplychain.facts.dataset import Dataset
from supplychain.results import run as job
from supplychain.results.result import Result
from supplychain.scenario import scenario

# Small tables of text are made faster so; commands and notebooks, in processes of their own, have pandas' default.
pd.options.mode.string_storage = "python"
# Units that another environment on the same machine has cached do not concern these tests.
os.environ["IAM_UNITS_CACHE"] = tempfile.mkdtemp()
# What is piped is 80 columns wide, unless this says otherwise.
os.environ.pop("COLUMNS", None)
CASES = Path(__file__).parent / "cases"
ROOT = Path(__file__).parents[1]
CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
LONGEST = {f"test_{name}.py" for name in ("brief", "full_disk", "money", "notebooks", "real", "report", "starts")}
AXE = ROOT / os.environ.get("SUPPLYCHAIN_AXE", "node_modules/axe-core/axe.min.js")


def pytest_collection_finish() -> None:
    """What has been imported stays: looking through it for garbage at every few hundred new objects takes time."""
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)


@pytest.fixture(scope="session")
def shipped() -> Dataset:
    """The shipped facts."""
    return dataset.read()


def only(known: Dataset, minerals: list[str]) -> Dataset:
    """The facts of a few minerals, for tests that need real data but not all of it."""
    return known.only(minerals)


def with_policies(result: Result, name: str, policies: dict[str, Any], **changes: Any) -> Result:
    """A result under another name that claims to have these policies too; whatever else is changed."""
    manifest = json.loads(json.dumps(result.manifest))
    manifest["scenario"]["resolved"]["policies"] |= policies
    return dataclasses.replace(result, **({"name": name, "title": name, "manifest": manifest} | changes))


@pytest.fixture(scope="session")
def two(shipped: Dataset) -> Dataset:
    """The facts of two real minerals."""
    return only(shipped, ["gallium", "tungsten"])


@pytest.fixture(scope="session")
def pair(two: Dataset) -> tuple[Result, Result]:
    """The two minerals as they go on, and under caps."""
    stories = [scenario.read(name, two) for name in ("status_quo", "diversify_away")]
    shared = job.Shared.by(stories, two)
    before, after = (job.solve(story, shared)[0] for story in stories)
    return before, after


@pytest.fixture(scope="session")
def dantzig() -> Result:
    """Dantzig's transport problem, solved."""
    return job.run(CASES / "dantzig" / "dantzig.yaml", CASES / "dantzig")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, so that no worker is left alone with one at the end.

    Skips the tests of the page, in one loud line, where browser or axe-core is missing; never where CI is set.
    """
    items.sort(key=lambda item: item.path.name not in LONGEST)
    missing = [str(file) for file in (CHROMIUM, AXE) if not file.is_file()]
    if not missing or os.environ.get("CI"):
        return
    reason = f"THE PAGE IS NOT TESTED: no {' and no '.join(missing)}; .ci/browser installs what is missing"
    for item in items:
        if {"browser", "axe_source"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="module")
def browser() -> Iterator[Callable[..., Page]]:
    """Opens pages in headless Chromium: `browser(width=390, height=844)` is a blank page of that size.

    Further keywords go to Playwright's `new_context`. The browser lives as long as the module's tests: while it is open
    no other event loop (a notebook's) can run.
    """
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM)

        def page(width: int = 1280, height: int = 800, **context: Any) -> Page:
            return running.new_context(viewport={"width": width, "height": height}, **context).new_page()

        yield page
        running.close()


@pytest.fixture(scope="session")
def axe_source() -> str:
    """The JavaScript of axe-core, for `page.evaluate`."""
    return AXE.read_text(encoding="utf-8")
