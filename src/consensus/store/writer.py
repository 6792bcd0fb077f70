"""Many short pieces of work in one transaction: hundreds of people send in the same moment, and a disk syncs once."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from sqlmodel import Session

from consensus.store.transactions import InDoubt

__all__ = ["GroupWriter"]

T = TypeVar("T")


class GroupWriter:
    """A thread that does what is handed to it, everything that waits in one commit.

    When one of them raises, nothing of that transaction is kept and each is done again by itself, so that a piece
    undoes itself alone; it must therefore bear to be done twice. The same when the connection broke and nothing was
    kept, once. Where nobody knows whether it was kept, nothing is done again. A caller goes on when the commit is made,
    so whatever it then tells somebody is on the disk.

    Parameters
    ----------
    writing
        Begins a transaction that is kept whole or not at all.
    at_most
        How many pieces share one commit.
    """

    def __init__(self, writing: Callable[[], AbstractContextManager[Session]], at_most: int = 64) -> None:
        self._writing = writing
        self._at_most = at_most
        self._waiting: queue.SimpleQueue[tuple[Callable[[Session], Any], Future[Any]] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def write(self, work: Callable[[Session], T]) -> T:
        """Do a piece of work and return its result once it is kept."""
        done: Future[T] = Future()
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="consensus-writer", daemon=True)
                self._thread.start()
            self._waiting.put((work, done))
        return done.result()

    def close(self) -> None:
        """Wait until everything that was handed in is kept, and end the thread; a later piece starts another."""
        with self._lock:
            thread, self._thread = self._thread, None
            if thread is not None:
                self._waiting.put(None)
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while True:
            batch = [self._waiting.get()]
            while batch[-1] is not None and len(batch) < self._at_most:
                try:
                    batch.append(self._waiting.get_nowait())
                except queue.Empty:
                    break
            self._do([piece for piece in batch if piece is not None])
            if batch[-1] is None:
                return

    def _do(self, batch: list[tuple[Callable[[Session], Any], Future[Any]]], *, again: bool = False) -> None:
        """Do a batch in one transaction, and tell each caller once it is kept, or why it was not."""
        results, begun = [], False
        try:
            if batch:
                with self._writing() as session:
                    begun = True
                    results = [work(session) for work, _ in batch]
        except BaseException as error:  # nothing of the batch is kept, or nobody knows
            lost = getattr(error, "connection_invalidated", False) and not again
            if isinstance(error, InDoubt) or not (lost or (begun and len(batch) > 1)):
                for _, done in batch:
                    done.set_exception(error)
            elif begun:
                for piece in batch:
                    self._do([piece], again=True)
            else:
                self._do(batch, again=True)
            return
        for (_, done), result in zip(batch, results, strict=True):
            done.set_result(result)
