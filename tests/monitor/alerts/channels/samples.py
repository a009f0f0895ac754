"""The samples in `docs/channels.md`: what the channels make of messages. Run as a program, it writes them anew."""

import re
from pathlib import Path

from monitor.alerts.channels.chat import words
from monitor.alerts.channels.kit.letter import Correspondence, letter
from monitor.core.message import Parcel
from tests.monitor.alerts.channels.parcels import NOW, alarm

DOCUMENT = Path(__file__).resolve().parents[4] / "docs" / "channels.md"

_SAMPLE = re.compile(r"<!-- sample: ([a-z ]+) -->\n(?:```text\n.*?\n```\n)?", re.DOTALL)

BETWEEN = Correspondence(
    sender="cutwatch@example.org",
    sender_name="Cutwatch",
    to=("desk@example.org",),
    unsubscribe="mailto:cutwatch@example.org?subject=unsubscribe",
)


def samples() -> dict[str, str]:
    """Each sample by its name."""
    return {
        "mail en": mail(alarm()),
        "mail ru": mail(alarm(language="ru")),
        "mail discreet": mail(alarm(channel="phone")),
        "chat en": chat(alarm()),
        "chat ru": chat(alarm(language="ru", channel="phone")),
    }


def mail(parcel: Parcel) -> str:
    made = letter(parcel, BETWEEN, NOW)
    text = str(made.get_body(("plain",)).get_content()).replace("\r\n", "\n")
    return f"From: {made['From']}\nTo: {made['To']}\nSubject: {made['Subject']}\n\n{text.rstrip()}"


def chat(parcel: Parcel) -> str:
    return words(parcel.payload["data"], 0, 4000)[1]


def with_samples(document: str) -> str:
    """The document, with every sample as it is now."""
    made = samples()
    return _SAMPLE.sub(lambda found: f"<!-- sample: {found[1]} -->\n```text\n{made[found[1]]}\n```\n", document)


if __name__ == "__main__":
    DOCUMENT.write_text(with_samples(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
