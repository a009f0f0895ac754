"""`/api/v1/health`: the monitor's own health."""

from fastapi import APIRouter

from api import answers, schemas
from api.answers import API
from api.parameters import ONLY_LANGUAGE
from api.problems import ERRORS
from api.visible import Seen

router = APIRouter(tags=["health"], responses=ERRORS, dependencies=[ONLY_LANGUAGE])


@router.get(f"{API}/health", operation_id="read_health", summary="The monitor's own health")
async def health(visible: Seen) -> schemas.Health:
    """Whether the monitor can be relied on; what is wrong is told to those only who may read everything."""
    return answers.health(visible.context.health(), whole=visible.reader.reads_everything)
