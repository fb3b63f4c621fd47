"""The forms in which results and programs are handed to other tools."""

from typing import Literal

Format = Literal["mps", "lp", "iamc", "xlsx", "parquet", "frictionless"]
