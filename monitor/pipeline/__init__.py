"""The spine of the service, where all stages meet."""

from monitor.pipeline.spine import Pipeline
from monitor.pipeline.watch import Watch

__all__ = ["Pipeline", "Watch"]
