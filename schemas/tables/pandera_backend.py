"""Pandera without what it looks for beside itself: where PySpark is installed it imports pyspark.pandas, at
once or at the first check, for types that are not used here, at the cost of a second and a warning. In a
process that checks contracts pyspark.pandas is therefore not to be had; the rest of PySpark is."""

from __future__ import annotations

import sys
from typing import Any

_modules: dict[str, Any] = sys.modules
_modules.setdefault("pyspark.pandas", None)  # Python's own way to say that a module is not to be found

import pandera.pandas as pandera  # noqa: E402

__all__ = ["pandera"]
