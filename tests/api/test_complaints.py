"""What an error says to people: the same as to programs, in their language, with its values kept."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import api
from api.complaints import FRAMES, in_words
from api.languages import translations

FOLDER = Path(api.__file__).parent

FOR_PROGRAMS = {"looks", "stream", "case_inputs", "noticing", "paging"}
"""Modules whose errors no page ever shows."""


def russian(detail: str) -> str | None:
    return in_words(detail, translations("ru").gettext)


@pytest.mark.parametrize(
    ("detail", "told"),
    [
        ("Too many requests: wait a little.", "Слишком много запросов: подождите немного."),
        ("Send at most 64 KiB.", "Присылайте не больше 64 KiB."),
        ("kind: Input should be 'a' or 'b'; limit: Input should be less than or equal to 200",
         "kind: подходит только одно из этих значений: 'a' или 'b'; limit: нужно число не больше 200"),
        ("after: no page ends with this incident; begin again without a cursor",
         "after: страницы, которая кончалась бы этим случаем, нет; начните сначала, без этого параметра"),
    ],
)  # fmt: skip
def test_an_error_keeps_its_values(detail: str, told: str) -> None:
    assert russian(detail) == told


def test_what_nobody_foresaw_stays_as_it_is() -> None:
    assert russian("A sentence that is nowhere listed.") is None
    assert russian("limit: Input should be less than or equal to 2; x: nobody has said this") is None


@given(st.sampled_from(FRAMES), st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=30))
def test_a_value_that_looks_like_a_name_to_fill_in_is_not_filled_in(frame: str, value: str) -> None:
    name = "%(name)s" + value
    told = russian(f"This address does not know the parameter {name}; it knows: lang.")
    assert told is not None
    assert name in told
    assert in_words(frame.replace("%(", "").replace(")s", ""), lambda text: text) is not None


def raised() -> Iterator[tuple[str, str]]:
    """Every sentence that an error of the pages is raised with, with `X` for its values, and the module that raises it."""
    for path in [*FOLDER.glob("*.py"), *(one for one in FOLDER.glob("routes/*.py") if not one.name.startswith("v1_"))]:
        if path.stem not in FOR_PROGRAMS | {"metrics", "deciding"}:
            yield from ((one, path.name) for one in sentences(ast.parse(path.read_text("utf-8"))))


def sentences(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"HTTPException", "unauthorised"}:
            yield from (text for argument in node.args if (text := sentence(argument)))


def sentence(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
    return ""


def test_every_error_that_a_page_can_raise_has_words_in_russian() -> None:
    """Keys and cursors of the log are for programs: a browser never sends them."""
    programs = ("scope `X`", "needs a key", "This key lacks the scope `read`", "there is nothing of this name", "Metrics")
    missing = [one for one in raised() if russian(one[0]) is None and not any(word in one[0] for word in programs)]
    assert missing == []
