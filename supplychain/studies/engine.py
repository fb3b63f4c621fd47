"""Who does the work of a study: this process, others of this machine, or a Dask cluster, each a standard `Executor`."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread
from typing import Any

from supplychain.facts.errors import Fault, InputError
from supplychain.facts.reading import keep_texts_plain

Engine = tuple[Executor, int]  # and how many tasks it works on at once
AHEAD = 2  # tasks handed over for each that is worked on, so that no worker waits for the next


def engine(workers: int | str, tasks: int) -> AbstractContextManager[Engine]:
    """Those who do so many tasks: so many processes, or the workers of the Dask scheduler at an address.

    Raises
    ------
    InputError : no scheduler answers, or its package is not installed.
    """
    return _cluster(workers) if isinstance(workers, str) else _processes(max(1, min(workers, tasks)))


@contextmanager
def beside(workers: int) -> Iterator[Executor]:
    """Who does one task while this process works on: a process of its own where there may be several, else a thread."""
    if workers > 1:
        with _processes(1) as (pool, _):
            yield pool
        return
    with ThreadPoolExecutor(1) as thread:
        yield thread


@contextmanager
def _processes(workers: int) -> Iterator[Engine]:
    """Processes that end with this one, whatever ends it, even in the midst of a task.

    They are started afresh (`spawn`): a copy of this process (`fork`) would have a solver's and a progress bar's locks
    without the threads that hold them.
    """
    context = multiprocessing.get_context("spawn")
    here, ours = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(workers, context, _begin, (here,))
    try:
        yield pool, workers
    except BaseException:
        ours.close()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
        ours.close()
        here.close()


def _begin(parent: Connection) -> None:
    """A process that ends as soon as the other end of the pipe is closed; Ctrl-C is the other end's to handle."""
    keep_texts_plain()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_wait_for_end, args=(parent,), daemon=True).start()


def _wait_for_end(parent: Connection) -> None:
    try:
        parent.recv()
    except EOFError:
        os._exit(1)


@contextmanager
def _cluster(address: str) -> Iterator[Engine]:
    """The workers of a Dask scheduler; when one of them dies, Dask has others do what it had to do."""
    try:
        from distributed import Client

        client: Any = Client(address)  # type: ignore[no-untyped-call]
    except ImportError:
        message = "needs the package distributed: pip install 'supplychain[cluster]'"
        raise InputError([Fault(Path(address), 1, 1, message)]) from None
    except (OSError, ValueError) as error:
        raise InputError([Fault(Path(address), 1, 1, f"no Dask scheduler answers: {error}")]) from None
    with client:
        executor = client.get_executor()
        try:
            yield executor, max(1, sum(client.nthreads().values()))
        finally:
            executor.shutdown(wait=False)


def as_done(
    pool: Executor, at_once: int, task: Callable[..., Any], jobs: Iterable[tuple[Any, ...]]
) -> Iterator[tuple[tuple[Any, ...], Future[Any]]]:
    """Does a task with the arguments of each job; gives jobs as they are done, with what came of them.

    Few are handed over at a time, as arguments may be large.
    """
    left = iter(jobs)
    running: dict[Future[Any], tuple[Any, ...]] = {}
    while True:
        for job in islice(left, AHEAD * at_once - len(running)):
            running[pool.submit(task, *job)] = job
        if not running:
            return
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            yield running.pop(future), future
