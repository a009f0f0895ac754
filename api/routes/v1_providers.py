"""`/api/v1/providers`: who acts, and `/api/v1/exposure`: what an organisation depends on."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from api import providers
from api.access import KEYED
from api.answers import API
from api.case_answers import Telling
from api.looks import insist_on_insider
from api.paging import turned_to
from api.parameters import ONLY_LANGUAGE, ListPage, OfOrganisation
from api.problems import ERRORS, FORBIDDEN, MISSING, not_found
from api.provider_schemas import Deadline, Exposure, ProviderDetail, ProviderList
from api.visible import Seen, Visible

router = APIRouter(tags=["providers"], responses=ERRORS)

Id = Annotated[str, Path(description="the provider's id", examples=["mailchimp"])]


@router.get(f"{API}/providers", operation_id="list_providers", summary="Who acts")
async def provider_list(request: Request, visible: Seen, page: Annotated[ListPage, Query()]) -> ProviderList:
    """One page of the companies and platforms that are described here, with what they have done as far as you may know."""
    caused, telling = await providers.by_provider(request, visible), Telling.to(request, visible)
    shown, following = turned_to({one.id: one for one in visible.watchlist.providers}, page)
    return ProviderList(items=[providers.summary(one, caused.get(one.id, ()), telling) for one in shown], next=following)


@router.get(
    f"{API}/providers/{{slug}}",
    operation_id="read_provider",
    summary="One provider",
    responses=MISSING,
    dependencies=[ONLY_LANGUAGE],
)
async def provider(request: Request, visible: Seen, slug: Id) -> ProviderDetail:
    """What a provider did to whom, when, with or without notice, and whether and after how long it took it back."""
    found = next((one for one in visible.watchlist.providers if one.id == slug), None)
    if found is None:
        raise not_found()
    caused = await providers.by_provider(request, visible)
    return providers.detail(found, caused.get(slug, ()), Telling.to(request, visible))


@router.get(
    f"{API}/exposure",
    operation_id="read_exposure",
    summary="What an organisation depends on",
    responses={**FORBIDDEN, **MISSING},
    dependencies=[KEYED],
)
async def exposure(request: Request, visible: Seen, asked: Annotated[OfOrganisation, Query()]) -> Exposure:
    """Its providers, what each has done to it and to others, and the dates it must not miss. Needs a key of the organisation."""
    insist_on_insider(visible, asked.organisation)
    found, telling = visible.organisation(asked.organisation), Telling.to(request, visible)
    relied = providers.dependencies(found, await providers.by_provider(request, visible), telling)
    return Exposure(organisation=found.id, dependencies=relied, deadlines=await _deadlines(visible, found.id))


async def _deadlines(visible: Visible, organisation: str) -> list[Deadline]:
    own = [one for one in await visible.reading.deadlines() if one.organisation == organisation]
    return [Deadline(kind=one.kind, target=one.target or None, subject=one.subject, at=one.at) for one in own]
