"""Imports Pandera without PySpark's pandas interface.

Where PySpark is installed, Pandera imports pyspark.pandas, immediately or at the first check, for types that
are not used here; that costs a second and a warning. In a process that checks contracts pyspark.pandas is
therefore unavailable; the rest of PySpark works.
"""

from __future__ import annotations

import sys
from typing import Any

_modules: dict[str, Any] = sys.modules
_modules.setdefault("pyspark.pandas", None)  # Python's own marker for a module that cannot be imported

import pandera.pandas as pandera  # noqa: E402

__all__ = ["pandera"]
