"""How results, scenarios and facts show themselves in a notebook, and what the Tab key offers."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest
from conftest import CASES
from IPython.core.completer import IPCompleter
from IPython.core.interactiveshell import InteractiveShell

import supplychain
from supplychain.scenario import scenario

DANTZIG = CASES / "dantzig"


@pytest.fixture
def result(dantzig):
    """A result in other money than dollars."""
    return dantzig


def completions(namespace, text):
    """What IPython's completer offers for a line of text."""
    completer = IPCompleter(shell=InteractiveShell(), namespace=namespace)
    return {c.text for c in completer.completions(text, len(text))}


@pytest.mark.filterwarnings("ignore")
def test_tab_offers_tables(result):
    """`r.pa` offers `paths`, `r.pl` the figures, `facts["mi` the minerals."""
    namespace = {"r": result, "facts": supplychain.read_data(DANTZIG)}
    assert any("paths" in text for text in completions(namespace, "r.pa"))
    assert any("plot" in text for text in completions(namespace, "r.pl"))
    assert any("minerals" in text for text in completions(namespace, 'facts["mine'))


def test_a_result_shows_itself(result):
    """Title, cost with its unit, certificate, headline figures, and the tables that it has."""
    shown = result._repr_html_()
    for words in ("<h4>", "153.675 thousand USD", "optimal", "objective", "paths", "whole ways"):
        assert words in shown
    assert "unmet" not in shown


def test_a_scenario_shows_itself(shipped):
    """Title, story, years, and each policy with what it sets and on whose word."""
    story = scenario.read("diversify_away", shipped)
    shown = story._repr_html_()
    for words in (story.title, str(story.years[0]), "concern_cap", "supplier_cap", "group: feoc", "our"):
        assert words in shown
    assert "no policies" in replace(story, policies={})._repr_html_()


def test_facts_show_themselves(shipped):
    """How many minerals and countries, and each table with how much of it has a source."""
    shown = shipped._repr_html_()
    for words in (f"{len(shipped.names('minerals'))} minerals", "production", "sourced", "estimated"):
        assert words in shown


def test_markup_in_names_stays_text(result):
    """A title that holds markup is shown, not run."""
    other = supplychain.Result("x", "<script>", 1.0, result.manifest, result.tables)
    assert "<script>" not in other._repr_html_()


def command(arguments, home, **more):
    """The command line in a shell of its own."""
    start = "import sys; sys.argv[0] = 'supplychain'; from supplychain.cli import main; main()"
    environment = os.environ | {"HOME": str(home), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"} | more
    return subprocess.run(
        [sys.executable, "-c", start, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_shell_completes_scenarios(tmp_path):
    """`supplychain run stat<Tab>` offers the shipped status quo."""
    words = {"COMP_WORDS": "supplychain run stat", "COMP_CWORD": "2"}
    done = command([], tmp_path, _SUPPLYCHAIN_COMPLETE="complete_bash", **words)
    assert "status_quo" in done.stdout


def test_completion_installs_itself(tmp_path):
    """`supplychain --install-completion bash` writes the shell's file and exits 0."""
    done = command(["--install-completion", "bash"], tmp_path)
    assert done.returncode == 0, done.stderr
    written = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert any("_SUPPLYCHAIN_COMPLETE" in file.read_text() for file in written)
