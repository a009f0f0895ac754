"""Goes through the steps of the engine with scripted looks: look, ask the controls about the same addresses, compare."""

from probes.website import Params, addresses, compare, observe, wants_control
from tests.probes.fake_look import FakeLook
from tests.probes.telling import Story, from_control


async def story_of(
    url: str, here: FakeLook, *there: FakeLook, again: FakeLook | None = None, neighbours: tuple[str, ...] = ()
) -> Story:
    """What is seen from here and by each control. `again` is the world in the second step, if it differs from `here`."""
    params = Params(url=url, neighbours=neighbours)
    facts = await observe(params, here)  # type: ignore[arg-type]  # the fake offers what is used of a look
    if not wants_control(facts):
        return Story(facts)
    theirs = params.model_copy(update={"also_addresses": addresses(facts)})
    seen = [await observe(theirs, look) for look in there]  # type: ignore[arg-type]  # as above
    control = tuple(from_control(one, place) for one, place in zip(seen, ("NL", "DE", "SE"), strict=False))
    second = again or FakeLook(here.names, here.pages, here.ends, here.dead, here.publicly, here.proxied)
    return Story(await compare(params, second, facts, control), control)  # type: ignore[arg-type]  # as above
