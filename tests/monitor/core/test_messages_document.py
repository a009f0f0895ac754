"""`docs/messages.md` shows what is sent; it cannot drift from the phrases."""

from pathlib import Path

from tests.monitor.core.messages_document import COLUMNS, document

DOCUMENT = Path(__file__).parents[3] / "docs" / "messages.md"


def test_the_page_shows_the_messages_as_they_are() -> None:
    again = "write it anew: python -m tests.monitor.core.messages_document > docs/messages.md"
    assert DOCUMENT.read_text(encoding="utf-8") == document(), again


def test_no_message_on_it_needs_more_than_forty_columns() -> None:
    shown = [block.partition("\n```")[0] for block in document().split("```text\n")[1:]]
    lines = [line for block in shown for line in block.splitlines() if "://" not in line]
    assert max(map(len, lines)) <= COLUMNS
