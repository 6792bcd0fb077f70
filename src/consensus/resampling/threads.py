"""Our own threads alone: those of the linear algebra library wait meanwhile, for on the same cores they compete."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any

from threadpoolctl import ThreadpoolController

__all__ = ["own_threads"]

Each = Callable[..., Iterable[Any]]
"""`map`, by several threads or by one."""


class _Held:
    """How many of us hold the library's threads back, and what lets them go: the last to leave does."""

    def __init__(self) -> None:
        self.lock, self.count, self.limit = Lock(), 0, None

    def enter(self) -> None:
        with self.lock:
            self.count += 1
            if self.count == 1:
                self.limit = _libraries().limit(limits=1, user_api="blas")

    def leave(self) -> None:
        with self.lock:
            self.count -= 1
            if not self.count and self.limit is not None:
                self.limit.restore_original_limits()


_HELD = _Held()


@cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()


@contextmanager
def own_threads(workers: int) -> Iterator[Each]:
    """Give a `map` by so many threads, in whose block products of matrices start none of their own.

    Examples
    --------
    >>> with own_threads(2) as each:
    ...     list(each(abs, [-1, 2]))
    [1, 2]
    """
    _HELD.enter()
    try:
        if workers <= 1:
            yield map
        else:
            with ThreadPoolExecutor(max_workers=workers) as pool:
                yield pool.map
    finally:
        _HELD.leave()
