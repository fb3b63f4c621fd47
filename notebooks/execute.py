"""Execute notebooks in place, from a clean kernel each: `python execute.py [NOTEBOOK...]`, all of them by default.

What is written is the same wherever it is run: no times, no versions of the machine's Python.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient
from traitlets.config import Config

HERE = Path(__file__).parent
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def execute(path: Path) -> None:
    """Run a notebook and write it back with its outputs, whole or not at all.

    Raises
    ------
    nbclient.exceptions.CellExecutionError : a cell fails; the file then stays as it was.
    """
    notebook = nbformat.read(path, as_version=4)
    with TemporaryDirectory() as folder:
        # The kernel is talked to through sockets in a folder of its own, not through open ports.
        config = Config({"KernelManager": {"transport": "ipc", "ip": f"{folder}/kernel"}})
        client = NotebookClient(notebook, timeout=600, record_timing=False, config=config)
        client.resources = {"metadata": {"path": path.parent}}
        client.execute()
    notebook.metadata = nbformat.from_dict(METADATA)
    new = path.with_suffix(".new")
    nbformat.write(notebook, new)
    new.replace(path)


if __name__ == "__main__":
    files = [Path(name) for name in sys.argv[1:]] or sorted(HERE.glob("*.ipynb"))
    with ProcessPoolExecutor(min(len(files), os.cpu_count() or 1)) as pool:
        for file, _ in zip(files, pool.map(execute, files), strict=True):
            print(file.name, flush=True)
