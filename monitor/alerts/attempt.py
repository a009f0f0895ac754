"""One attempt to deliver a parcel through a channel, whatever goes wrong."""

import asyncio
from collections.abc import Mapping
from datetime import datetime

from pydantic import ValidationError

from monitor.alerts.channels import ChannelKind
from monitor.alerts.channels.kit.outcome import Outcome, Result
from monitor.core.message import Parcel
from monitor.core.subscription import Channel


async def attempt(parcel: Parcel, channel: Channel | None, kinds: Mapping[str, ChannelKind], now: datetime) -> Outcome:
    """Try once, for no longer than the channel's patience. A fault or a mistake in the configuration counts as a refusal."""
    if channel is None:
        return _refused(f"there is no channel {parcel.channel} in alerts.yaml any more: put it back, then replay")
    kind = kinds.get(channel.kind)
    if kind is None:
        return _refused(f"{channel.kind} is not a kind of channel; there are: {', '.join(kinds)}")
    try:
        settings = kind.settings.model_validate(channel.settings)
        async with asyncio.timeout(kind.patience):
            return await kind.deliver(parcel, settings, now)
    except TimeoutError:
        error = f"the receiver did not answer within {kind.patience:g} seconds"
        return Outcome(result=Result.UNAVAILABLE, error=error, perhaps_received=True)
    except ValidationError as problem:
        return _refused(f"the settings of {channel.id} in alerts.yaml do not fit: {_in_short(problem)}")
    except Exception as error:  # A fault in one channel must neither lose its message nor stop the others.
        # Only the fault's name is told: its text may repeat an address or a secret.
        return _refused(f"the channel failed with {type(error).__name__}, which is a fault in Cutwatch; please report it")


def _refused(error: str) -> Outcome:
    return Outcome(result=Result.REFUSED, error=error)


def _in_short(problem: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, one['loc'])) or 'settings'}: {one['msg']}" for one in problem.errors(include_input=False)
    )
