"""Apache Spark as a second engine for the SQL models.

portable_sql.py defines the subset of SQL that both engines understand; translate.py, rewrites.py and
list_functions.py translate it; required.py tests that Spark can run here; spark.py runs it.
"""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    backend="engine_version on_spark temporary_names",
    spark="SparkConnection",
    translate="described",
)
