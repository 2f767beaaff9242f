"""What Spark needs on this machine, tested before a run reads anything: PySpark and Java.

It starts nothing: spark.py opens the session and reports a Java that Spark refuses.
"""

from __future__ import annotations

import os
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from schemas.errors import CompactError

WHERE = "COMPACT_ENGINE=spark"
ALLOWED = "PySpark 4 in this environment, and Java 17 or 21"


def pyspark_version() -> str:
    """Return PySpark's version. Raises CompactError if PySpark or Java are missing."""
    try:
        found = version("pyspark")
    except PackageNotFoundError as fault:
        raise CompactError(
            "PySpark is not installed",
            where=WHERE,
            allowed=ALLOWED,
            next_step="run `make spark`, or unset COMPACT_ENGINE to use DuckDB",
        ) from fault
    home = os.environ.get("JAVA_HOME")
    # as Spark's own scripts: JAVA_HOME takes precedence over PATH
    program = Path(home) / "bin" / "java" if home else Path("java")
    if shutil.which(program) is None:
        raise CompactError(
            f"Java is missing: {program} in JAVA_HOME is no program"
            if home
            else "Java is missing: PATH has no program java, and JAVA_HOME is not set",
            where=WHERE,
            allowed=ALLOWED,
            next_step="install Java 17 or 21, set JAVA_HOME or PATH; or unset COMPACT_ENGINE to use DuckDB",
        )
    return found
