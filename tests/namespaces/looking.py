"""One step of the real website probe, in whatever namespace this process runs: a question as JSON in, facts as JSON out."""

import asyncio
import sys
from pathlib import Path

from pydantic import BaseModel, TypeAdapter

from probes.kit.budgets import Budgets
from probes.kit.network import Door, Network
from probes.kit.observation import Control, Facts
from probes.kit.vocabulary import Depth
from probes.website import Params, compare, observe

BUDGETS = Budgets(dns=2, tcp=2, tls=2, http=3, look=20)


class Question(BaseModel):
    """What is to be looked at: a full look, or, where there are `facts` of one, the comparison with `control`."""

    url: str
    resolver: str
    trust: Path
    also_addresses: tuple[str, ...] | None = None
    facts: Facts | None = None
    control: tuple[Control, ...] = ()


async def look(question: Question) -> Facts:
    """Take the step."""
    door = Door(vantage="here", budgets=BUDGETS, resolvers=(question.resolver,), trust=question.trust)
    network = Network(door)
    params = Params(url=question.url, also_addresses=question.also_addresses)
    try:
        async with network.look(Depth.FULL) as under_way:
            if question.facts is None:
                return await observe(params, under_way)
            return await compare(params, under_way, question.facts, question.control)
        raise TimeoutError("the look took longer than its budget")
    finally:
        await network.aclose()


if __name__ == "__main__":
    seen = asyncio.run(look(Question.model_validate_json(sys.stdin.read())))
    sys.stdout.write(TypeAdapter(Facts).dump_json(seen).decode())
