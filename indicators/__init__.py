"""Indicator definitions: one YAML file per indicator, the catalogue that loads and checks them, and formulas.

This package fetches, evaluates and publishes nothing, and imports no dagster.
"""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    fallbacks="HeldInput as_evaluated held_inputs",
    fingerprint="field_fingerprints kind_of numbers_fingerprint",
    former_ids="former_id",
    licensing="restricted",
    registry="Catalogue check_files load_catalogue load_sound_part",
    search="candidates",
    targets="load_commitments",
    nearest="did_you_mean",
)
