"""A full disk, a limit of size or a file in the way is one line and exit status 2, and leaves no half result."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from dataclasses import dataclass

import pytest
from conftest import CASES

import supplychain
from supplychain.facts.errors import InputError
from supplychain.results import writing

DATA = CASES / "warehouse"
STORY = DATA / "warehouse.yaml"
BYTES = 300  # less than any file but the smallest tables
MAIN = "from supplychain.cli import main; main()"
END = "\0\n"
SERVER = f"""
import json, os, resource, sys
import supplychain.results.compare, supplychain.results.exchange, supplychain.show.figures
for line in sys.stdin:
    code, most, *sys.argv[1:] = json.loads(line)
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        exec(code)
        break
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    for stream in (sys.stdout, sys.stderr):
        print({END!r}, status, sep="", file=stream, flush=True)
"""


@dataclass(frozen=True)
class Done:
    """What came of a run."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture(scope="module")
def limited():
    """Runs the command line where no file may grow beyond so many bytes.

    Each run is the child of one interpreter that has imported the model, and ends as any other; of what it writes its
    parent, once it is gone, marks the end.
    """
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen([sys.executable, "-c", SERVER], text=True, env=environment, **pipes) as server:

        def run(*arguments, code=MAIN, most=BYTES):
            server.stdin.write(json.dumps([code, most, *map(str, arguments)]) + "\n")
            server.stdin.flush()
            (status, out), (_, err) = (told(stream) for stream in (server.stdout, server.stderr))
            return Done(status, out, err)

        yield run
        server.stdin.close()


def told(stream):
    """The exit status of a run, and what it wrote to one stream."""
    lines = list(iter(stream.readline, END))
    return int(stream.readline()), "".join(lines)


def contents(folder):
    """Every file below a folder with its bytes."""
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def assert_told(done, path):
    """One line that names the path, and exit status 2."""
    assert done.stderr == f"{path}:1:1: cannot be written: File too large\n"
    assert (done.returncode, done.stdout) == (2, "")


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    """The folder of a tiny result."""
    return supplychain.run(STORY, DATA).save(tmp_path_factory.mktemp("solved") / "warehouse")


@pytest.mark.parametrize("most", [40, BYTES, 3000])
def test_a_run_on_a_full_disk(limited, most, tmp_path):
    """Whichever file of the result it is that does not fit, no file is left."""
    assert_told(limited("run", STORY, "--data", DATA, "--out", tmp_path, most=most), tmp_path / "warehouse")
    assert contents(tmp_path) == {}


def test_an_earlier_result_stands(limited, solved):
    """What could not be replaced is there as it was, to the byte."""
    before = contents(solved.parent)
    assert_told(limited("run", STORY, "--data", DATA, "--out", solved.parent, "--fresh"), solved)
    assert contents(solved.parent) == before


@pytest.mark.parametrize("form", ["mps", "lp", "iamc", "xlsx", "parquet", "frictionless"])
@pytest.mark.slow
def test_an_export_on_a_full_disk(limited, form, solved, tmp_path):
    """Every form of file, and whatever the library that writes it has to say: nothing but our line."""
    name = STORY if form in ("mps", "lp") else solved
    to = tmp_path / f"out.{form}"
    assert_told(limited("export", name, "--format", form, "--to", to, "--data", DATA), to)
    assert contents(tmp_path) == {}


@pytest.mark.slow
def test_an_export_after_a_full_disk(limited, solved, tmp_path):
    """What libraries keep between runs is not left half written: once there is room the same command goes."""
    place = f"import os; os.environ['TMPDIR'] = {str(tmp_path)!r}; del os.environ['IAM_UNITS_CACHE']; "
    arguments = ["export", solved, "--format", "iamc", "--to", tmp_path / "out.csv", "--data", DATA]
    assert_told(limited(*arguments, code=place + MAIN), tmp_path / "out.csv")
    assert limited(*arguments, code=place + MAIN, most=resource.RLIM_INFINITY).returncode == 0
    assert list(tmp_path.glob("iam-units-*"))


def test_page_and_comparison_on_a_full_disk(limited, solved, tmp_path):
    """The page and the tables of a comparison go the same way."""
    page, both = tmp_path / "page.html", tmp_path / "warehouse_vs_warehouse"
    assert_told(limited("report", solved, "--to", page, "--data", DATA), page)
    assert_told(limited("compare", solved, solved, "--out", tmp_path, "--data", DATA), both)
    assert contents(tmp_path) == {}


@pytest.mark.slow
def test_figures_on_a_full_disk(limited, pair, tmp_path):
    """Of a set of figures there are all or none, and the line names their folder."""
    folder = pair[0].save(tmp_path / pair[0].name)
    before = contents(tmp_path)
    draw = """
import sys, supplychain
from supplychain.cli.options import told
from supplychain.show.figures.gallery import draw_all
from pathlib import Path
from typer import Exit
try:
    with told():
        draw_all(supplychain.load(sys.argv[1]), Path(sys.argv[2]))
except Exit as error:
    sys.exit(error.exit_code)
"""
    assert_told(limited(folder, folder / "figures", code=draw, most=50_000), folder / "figures")
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("command", "place", "written"),
    [
        ("run", "file", "warehouse"),
        ("compare", "file/below", "warehouse_vs_warehouse"),
        ("report", "file", "page.html"),
        ("run", "/proc/nothing", "warehouse"),
    ],
)
@pytest.mark.slow
def test_no_folder_can_be_there(limited, command, place, written, tmp_path, solved):
    """A file where a folder must be, or a place where nobody can write: one line, which says what is in the way."""
    (tmp_path / "file").write_text("mine")
    out = tmp_path / place
    named = {"run": [STORY, "--out", out], "compare": [solved, solved, "--out", out], "report": [solved, "--to"]}
    more = [out / written] if command == "report" else []
    done = limited(command, *named[command], *more, "--data", DATA, most=resource.RLIM_INFINITY)
    why = "No such file or directory" if place.startswith("/") else f"{tmp_path / 'file'} is a file, not a folder"
    assert (done.returncode, done.stderr) == (2, f"{out / written}:1:1: cannot be written: {why}\n")
    assert (tmp_path / "file").read_text() == "mine"


def test_nobody_elses_folder_is_replaced(solved, tmp_path):
    """A folder with other things in it, or a file of the result's name, stays; an empty folder is taken."""
    result = supplychain.load(solved)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    (tmp_path / "note").write_text("dear")
    (tmp_path / "empty").mkdir()
    for name in ("mine", "note"):
        with pytest.raises(InputError, match=f"{name}:1:1: is there already and is no data package"):
            result.save(tmp_path / name)
    assert set(contents(tmp_path).values()) == {b"dear"}
    assert result.save(tmp_path / "empty").joinpath("manifest.json").is_file()


def test_the_old_comes_back_where_the_new_cannot_take_its_place(solved, tmp_path, monkeypatch):
    """Between the two renames of a swap nothing is lost."""
    result = supplychain.load(solved)
    before = contents(result.save(tmp_path / "result"))
    rename = writing.Path.rename

    def full(path, target):
        if path.name == "new":
            raise OSError(28, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(writing.Path, "rename", full)
    with pytest.raises(InputError, match="result:1:1: cannot be written: No space left on device"):
        result.save(tmp_path / "result")
    assert contents(tmp_path) == before


def test_what_no_writer_foresaw_is_a_line_too(limited):
    """An error of the system from elsewhere in a command, such as from a full /tmp, is no traceback either."""
    code = (
        """
import supplychain.facts.dataset as facts
def fails(path): raise OSError(28, "No space left on device", "/tmp/x")
facts.read = fails
"""
        + MAIN
    )
    done = limited("check", STORY, code=code)
    assert (done.returncode, done.stderr) == (2, "/tmp/x:1:1: cannot be read or written: No space left on device\n")
