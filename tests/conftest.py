"""What several tests share: the facts, and one solved scenario on a part of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from supplychain import dataset
from supplychain.dataset import Dataset

CASES = Path(__file__).parent / "cases"
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shipped() -> Dataset:
    """The shipped facts."""
    return dataset.read()


def only(known: Dataset, minerals: list[str]) -> Dataset:
    """The facts of a few minerals, for tests that need real data but not all of it."""
    tables = {
        name: table[table["mineral"].isin(minerals)].reset_index(drop=True) if "mineral" in table else table
        for name, table in known.tables.items()
    }
    return Dataset(known.path, tables, known.money, known.digest)
