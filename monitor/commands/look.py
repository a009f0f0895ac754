"""`cutwatch look`: one probe now, shown stage by stage."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError
from rich.table import Table
from rich.text import Text

from monitor.clock import Clock
from monitor.commands.configuration import read_configuration
from monitor.commands.output import Json, console, emit, printable, refuse, say
from monitor.configuration import ConfigurationError
from monitor.core.plan import Check
from monitor.core.verdict import Verdict, judge
from monitor.core.watchlist import Target, VantagePoint, Watchlist
from monitor.engine.canaries import CanaryWatch
from monitor.engine.doors import door_for
from monitor.engine.looking import Controls, look_once
from monitor.engine.lookouts import Lookout
from monitor.engine.stamping import Stamp, Timing, observation
from monitor.settings import MissingSecret, Settings
from probes.kit.discover import discover
from probes.kit.network import Network
from probes.kit.observation import DnsLookup, Facts, HttpExchange, Observation, Step, TcpConnect, TlsHandshake
from probes.kit.probe import Probe, ProbeParams
from probes.kit.vocabulary import IMPORTED_KINDS, VantageHealth

_OBSERVATION = TypeAdapter(Observation)


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be looked at, how, and from where."""

    name: str
    probe: Probe
    params: ProbeParams
    vantage: VantagePoint


def look(
    target: Annotated[str, typer.Argument(help="A web address, a domain, or the id of a configured target.")],
    probe: Annotated[str | None, typer.Option(help="The probe; left out: `website` for an address, `dns` for a domain.")] = None,
    vantage: Annotated[str | None, typer.Option("--from", help="The vantage point; left out: the first of monitor.yaml.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Look at one target now and show every stage, what it means and why. Nothing is stored."""
    settings = Settings()
    try:
        watchlist = read_configuration(settings)
    except ConfigurationError:
        refuse("the configuration has problems: run `cutwatch check`")
    question = _question(watchlist, target, probe, vantage)
    try:
        seen, verdict = asyncio.run(_look(question, watchlist, settings))
    except (MissingSecret, ValueError, OSError) as problem:
        refuse(f"the vantage point {question.vantage.id} cannot be used: {problem}")
    if as_json:
        emit({"observation": _OBSERVATION.dump_python(seen, mode="json"), "verdict": _verdict_record(verdict)})
    else:
        _show(seen, verdict)


def _question(watchlist: Watchlist, target: str, probe: str | None, vantage: str | None) -> Question:
    probes = discover()
    ours = [one for one in watchlist.monitor.vantages if one.kind not in IMPORTED_KINDS]
    place = next((one for one in ours if vantage in {None, one.id}), None)
    if place is None:
        known = ", ".join(one.id for one in ours) or "describe a direct one or a proxy in monitor.yaml"
        refuse(f"there is no vantage point {vantage or ''} from which we look ourselves: {known}")
    asset = _configured(watchlist, target) or _asset(target)
    name = probe or ("website" if asset.url else "dns")
    if name not in probes:
        refuse(f"there is no probe {name}: " + ", ".join(probes))
    params = _params(probes[name], asset)
    if params is None:
        refuse(f"the probe {name} has nothing to look at in {target}: give it a web address, as in https://ovd.info/")
    return Question(target, probes[name], params, place)


def _configured(watchlist: Watchlist, name: str) -> Target | None:
    return next((target for one in watchlist.organisations for target in one.targets if target.id == name and target.url), None)


def _asset(text: str) -> Target:
    return Target(id="asked", url=text) if "://" in text else Target(id="asked", domain=text)


def _params(probe: Probe, asset: Target) -> ProbeParams | None:
    given: Mapping[str, Any] = (asset.probes or {}).get(probe.name, {})
    try:
        return probe.params.for_asset(asset.url, asset.domain, given)
    except ValidationError as wrong:
        problems = wrong.errors(include_url=False, include_input=False)
        refuse("; ".join(str(problem["msg"]).removeprefix("Value error, ") for problem in problems))


async def _look(question: Question, watchlist: Watchlist, settings: Settings) -> tuple[Observation, Verdict]:
    clock = Clock.from_environment()
    places = [question.vantage, *(one for one in map(watchlist.vantage, question.vantage.control) if one is not None)]
    async with _lookouts(places, watchlist, settings, clock) as (here, *others):
        controls = Controls(clock)
        began, started_at = clock.monotonic(), clock.now()
        params = question.params.model_dump_json().encode()
        seen = await look_once(question.probe, params, here, others, controls, clock)
        health = {one.vantage.id: await _health(one, seen.failing, began) for one in (here, *others)}
        await controls.close()
    stamp = Stamp(
        check="asked",
        vantage=here.vantage.id,
        country=here.vantage.country,
        probe_version=question.probe.version,
        software="cutwatch look",
    )
    made = observation(stamp, seen, Timing(started_at=started_at, duration=clock.monotonic() - began, suspect=False), health)
    return made, judge(question.probe, _check(question), made)


async def _health(lookout: Lookout, failing: frozenset[str], began: float) -> VantageHealth:
    """What a place that saw a failure says of itself; where nothing failed there is nothing to doubt."""
    return await lookout.canaries.after(began) if lookout.vantage.id in failing else lookout.canaries.health


@contextlib.asynccontextmanager
async def _lookouts(
    places: list[VantagePoint], watchlist: Watchlist, settings: Settings, clock: Clock
) -> AsyncIterator[list[Lookout]]:
    budgets = watchlist.monitor.limits.budgets
    async with contextlib.AsyncExitStack() as stack:
        lookouts = []
        for place in places:
            network = Network(door_for(place, budgets, settings), now=clock.now)
            stack.push_async_callback(network.aclose)
            canaries = CanaryWatch(place.id, place.canaries or watchlist.monitor.canaries, network, clock)
            stack.push_async_callback(canaries.close)
            lookouts.append(Lookout(place, network, canaries))
        yield lookouts


def _check(question: Question) -> Check:
    return Check(
        id="asked",
        organisation="",
        target=question.name,
        probe=question.probe.name,
        vantage=question.vantage.id,
        country=question.vantage.country,
        every=300,
        params={},
    )


def _show(seen: Observation, verdict: Verdict) -> None:
    if seen.facts is not None:
        console.print(_table(f"From {seen.vantage}", seen.facts))
    for control in seen.control:
        console.print(_table(f"Control: {control.vantage} ({control.validity})", control.facts))
    say(f"\n{verdict.state} ({verdict.strength})" + (f": {verdict.why_unclear}" if verdict.why_unclear else ""))
    say(f"{verdict.because}\nrule {verdict.rule}" + (f", mechanism {verdict.mechanism}" if verdict.mechanism else ""))


def _table(title: str, facts: Facts) -> Table:
    table = Table(title=title, title_justify="left", pad_edge=False)
    for heading in ("at s", "took s", "hop", "stage", "what", "result"):
        table.add_column(heading, justify="right" if heading in {"at s", "took s", "hop"} else "left", overflow="fold")
    for step in facts.steps():
        stage, what, result = _words(step)
        times = (f"{step.started:.3f}", f"{step.duration:.3f}", str(step.hop))
        table.add_row(
            *times, stage, Text(printable(what)), Text(printable(step.failure or result), style="red" if step.failure else "")
        )
    return table


def _words(step: Step) -> tuple[str, str, str]:
    match step:
        case DnsLookup():
            return "dns", f"{step.qtype} {step.name} by {step.transport}", ", ".join(step.answers)
        case TcpConnect():
            return "tcp", f"{step.address} port {step.port}", "connected"
        case TlsHandshake():
            return "tls", f"{step.server_name} at {step.address}", f"{step.version}, {step.issuer}"
        case HttpExchange():
            return "http", step.url, f"{step.status}, {step.body_length} bytes, {step.title or 'no title'}"
    return "", "", ""


def _verdict_record(verdict: Verdict) -> dict[str, object]:
    return {
        "state": verdict.state,
        "strength": verdict.strength,
        "rule": verdict.rule,
        "because": verdict.because,
        "why_unclear": verdict.why_unclear,
        "mechanism": verdict.mechanism,
        "scope": verdict.scope,
    }
