"""Inputs of the SQL models in sql/, and the few tables that need Python: claims, scores, progress."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    claims="claim_table",
    definition_inputs="Defined load_model_inputs stored",
    dependencies="published_inputs",
    progress="method_table outlook_sql progress_rows progress_sql",
    scores="score_table",
    sdg_database_inputs="load_sdg_database",
    survey_inputs="load_surveys",
    target_inputs="load_commitments within",
)
