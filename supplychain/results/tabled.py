"""What has tables by name: each is also an attribute."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd


class Tabled:
    """Something with `tables`, by name, that are attributes too."""

    tables: Mapping[str, pd.DataFrame]

    def __getattr__(self, name: str) -> pd.DataFrame:
        tables = self.__dict__.get("tables", {})
        if name in tables:
            return tables[name]
        raise AttributeError(f"{type(self).__name__.lower()} has no table {name!r}; it has {', '.join(tables)}")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.tables]
