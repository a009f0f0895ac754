"""Names that nobody blocks: what happens to them tells of the line, the resolver or the server, and not of a censor."""

from typing import Final

INNOCUOUS_NAMES: Final = ("www.example.net", "www.example.com")
"""Reserved for documentation (RFC 2606), served for ever, and of no interest to anybody."""

STRANGE_NAME: Final = "nobody.example"
"""A name that is no server's, and that nobody looks for (RFC 2606)."""


def are_related(first: str | None, second: str | None) -> bool:
    """Whether two hosts are one, or one lies under the other (`www.` aside)."""
    one, other = ((host or "").removeprefix("www.") for host in (first, second))
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def innocuous_beside(host: str | None) -> str:
    """The first innocuous name that has nothing to do with `host`."""
    return next(name for name in INNOCUOUS_NAMES if not are_related(name, host))
