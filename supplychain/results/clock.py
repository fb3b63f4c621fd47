"""Wall time of a run, part by part."""

from __future__ import annotations

import time


class Clock:
    """Wall time of each part of a run, seconds; a part that comes again is added up."""

    def __init__(self) -> None:
        self.parts: dict[str, float] = {}
        self._last = time.perf_counter()

    def stop(self, part: str) -> None:
        now = time.perf_counter()
        self.parts[part] = round(self.parts.get(part, 0.0) + now - self._last, 4)
        self._last = now
