"""Definitions and observations to indicator values: inputs, lineage, formulas, the cache."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    cache="Stored expected_paths staged_now",
    evaluate="Evaluated cached_path evaluate_cached evaluation_fingerprint",
    invalidation="depends_on why",
    source_overlap="load_overlaps",
)
