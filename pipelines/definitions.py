"""What Dagster loads (`dagster dev -m pipelines.definitions`): the definitions of this checkout."""

from pipelines.jobs import build
from pipelines.workspace import Workspace

defs = build(Workspace(), automated=True)
