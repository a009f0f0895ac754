"""How channels read their secrets: only when they deliver, and never into an error."""

from monitor.settings import secret


class UnusableSecret(ValueError):
    """A secret cannot be read, or has the wrong form; the message names its variable and never the secret."""


def read(name: str) -> str:
    """The secret `name`. Raises `MissingSecret` where it is not set, `UnusableSecret` where its file cannot be read."""
    try:
        return secret(name)
    except (OSError, UnicodeDecodeError):
        raise UnusableSecret(f"the file that {name}_FILE names cannot be read") from None
