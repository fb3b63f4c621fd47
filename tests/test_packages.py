"""The facts and a result folder are data packages that other tools can read."""

from __future__ import annotations

import pytest
from frictionless import validate

import supplychain
from supplychain.facts import reading


def test_facts_are_a_valid_data_package():
    """`frictionless validate` finds nothing wrong with the tables that are shipped."""
    report = validate(str(reading.SHIPPED / "datapackage.json"))
    assert report.valid, report.flatten(["name", "rowNumber", "fieldName", "message"])[:5]


def test_result_folder_is_a_valid_data_package(dantzig, tmp_path):
    """A written result folder validates, and reads back as it was."""
    folder = dantzig.save(tmp_path / "dantzig")
    report = validate(str(folder / "datapackage.json"))
    assert report.valid, report.flatten(["name", "message"])[:5]
    again = supplychain.load(folder)
    assert again.objective == pytest.approx(dantzig.objective, rel=1e-8)
    assert list(again.paths["tonnes"]) == pytest.approx(list(dantzig.paths["tonnes"]), rel=1e-5)
