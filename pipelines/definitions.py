"""What Dagster loads (`dagster dev -m pipelines.definitions`): the definitions of this checkout."""

from pipelines.defs.jobs import build
from pipelines.steps.run_context import Workspace

defs = build(Workspace(), automated=True)
