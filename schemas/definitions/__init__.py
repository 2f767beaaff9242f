"""Models of the YAML files: sources, indicators, targets, verdicts, methods, contributions; their parser."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    base="Model",
    contribution_templates="Field Rule Template",
    indicator="Indicator Input RemovedFile",
    methods="Method categories component_columns",
    parsing="parse",
    scores="ScoreFile",
    slips="formula_slip",
    source="Correction Limits Rate Source Threshold",
    targets="Claim ClaimFile Commitment CommitmentFile CrosswalkFile FieldFile FieldPart Link Part Targets",
    verdicts="Target",
    yaml_file="YamlFile load_yaml",
)
