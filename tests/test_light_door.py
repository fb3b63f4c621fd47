"""The command line's door is light: help and completion load no tables, no solver and no figures."""

from __future__ import annotations

import subprocess
import sys

import pytest

# pydantic is not among them: typer itself loads a part of it to read arguments.
HEAVY = ["numpy", "pandas", "scipy", "matplotlib", "highspy", "pyarrow", "jinja2", "ruamel.yaml"]
REPORT = f"import sys; print([name for name in {HEAVY} if name in sys.modules])"
HELP = """
from supplychain.cli import app
app(["--help"], standalone_mode=False)
"""
COMMAND_HELP = HELP.replace('["--help"]', '["run", "--help"]')
COMPLETION = """
from supplychain.scenario.files import beginning_with
assert "status_quo" in beginning_with("status"), beginning_with("status")
"""


@pytest.mark.parametrize("code", [HELP, COMMAND_HELP, COMPLETION], ids=["help", "help of run", "completion"])
def test_loads_nothing_heavy(code):
    """What is typed most often loads none of the packages that take long to load."""
    done = subprocess.run([sys.executable, "-c", f"{code}\n{REPORT}"], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_completion_as_the_shell_asks_for_it():
    """Through typer's own protocol the shell gets the names of scenarios, and nothing heavy is loaded on the way."""
    code = f"""
import os, sys, atexit
atexit.register(lambda: print([name for name in {HEAVY} if name in sys.modules]))
os.environ |= dict(_SUPPLYCHAIN_COMPLETE="complete_bash", COMP_WORDS="supplychain run status", COMP_CWORD="2")
sys.argv = ["supplychain"]
from supplychain.cli import app
app(prog_name="supplychain")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["status_quo", "[]"], done.stderr
