"""Figures drawn by several processes at once."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor

from supplychain.show.figures.drawn import Record

Task = Callable[[], Record]


def each(tasks: Sequence[Task], workers: int) -> Iterator[Record]:
    """Does the tasks, in processes where there are several to be had, and gives what each records.

    On Ctrl-C no further one is begun.
    """
    if min(workers, len(tasks)) < 2:
        yield from (task() for task in tasks)
        return
    pool = ProcessPoolExecutor(min(workers, len(tasks)), initializer=_prepare)
    try:
        for future in [pool.submit(task) for task in tasks]:
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _prepare() -> None:
    """What a process that draws does first."""
    # Ctrl-C is the parent's to tell; here it ends the figure in the making, without a word, and its half-written files.
    signal.signal(signal.SIGINT, lambda *_: sys.exit())
    # A figure is some ten thousand objects that live until it is written: looking for garbage among them at every few
    # hundred new ones is an eighth of all the time.
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)
