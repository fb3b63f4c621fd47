"""Results that need not be made again: scenario, facts and code are those that they were made from."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from supplychain.facts.dataset import Dataset
from supplychain.scenario.scenario import Scenario

ROOMS = ("facts", "scenario", "system", "program", "solve", "results")
BESIDE = ("highspy", "numpy", "pandas", "scipy")


@cache
def code_digest() -> str:
    """SHA-256 of the code that makes a result: the rooms up to results, and the versions of what they use."""
    digest = hashlib.sha256(" ".join(version(package) for package in BESIDE).encode())
    here = Path(__file__).parents[1]
    for file in sorted(file for room in ROOMS for file in (here / room).rglob("*.py")):
        digest.update(file.relative_to(here).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def is_kept(folder: Path, story: Scenario, known: Dataset) -> bool:
    """Whether a folder holds this scenario's result on these facts, made by this code."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        return _made_from(manifest) == (version("supplychain"), code_digest(), story.digest, known.digest)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _made_from(manifest: dict[str, Any]) -> tuple[str, str, str, str]:
    return manifest["supplychain"], manifest["code"], manifest["scenario"]["sha256"], manifest["data"]["sha256"]
