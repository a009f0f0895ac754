"""Reading one file: whatever its bytes, the answer is data with lines, or problems."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.configuration.document import Document
from monitor.configuration.reader import DEPTH_CAP, SIZE_CAP, parse, read

ORGANISATION = b"""\
# a comment
id: ovd-info
targets:
  - id: main
    url: https://ovdinfo.org/
  -
    id: second
"""


def only_problem(document: Document) -> tuple[int | None, str]:
    (problem,) = document.problems
    assert problem.remedy
    return problem.line, problem.message


def test_every_value_knows_its_line() -> None:
    document = parse("x.yaml", ORGANISATION)
    assert document.problems == ()
    assert document.value("targets", 0, "url") == "https://ovdinfo.org/"
    assert document.line(("id",)) == 2
    assert document.line(("targets",)) == 3
    assert document.line(("targets", 0, "url")) == 5
    assert document.line(("targets", 1, "id")) == 7


def test_a_value_that_is_missing_is_sought_on_the_line_around_it() -> None:
    assert parse("x.yaml", ORGANISATION).line(("targets", 0, "probes", "website")) == 4


def test_a_value_of_the_wrong_type_is_simply_not_found() -> None:
    document = parse("x.yaml", b"targets: five\nnames: [1]\n")
    assert document.value("targets", 0, "url") is None
    assert document.value("names", 3) is None
    assert document.text("names", 0) is None
    assert list(document.entries("targets")) == []


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("2021-12-25", "2021-12-25"),
        ("5min", "5min"),
        ("'7'", "7"),
        ("7", 7),
        ("-7", -7),
        ("0.5", 0.5),
        ("1e3", 1000.0),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("9" * 400, "9" * 400),
        ("1:30", "1:30"),
    ],
)
def test_words_mean_what_people_expect(written: str, value: object) -> None:
    assert parse("x.yaml", f"key: {written}\n".encode()).value("key") == value


def test_a_byte_order_mark_does_no_harm() -> None:
    assert parse("x.yaml", b"\xef\xbb\xbfid: memorial\n").value("id") == "memorial"


def test_a_key_that_stands_twice_names_both_places() -> None:
    document = parse("x.yaml", b"id: memorial\nname: x\nid: fidh\n")
    (problem,) = document.problems
    assert (problem.line, problem.field) == (3, "id")
    assert "first on line 1" in problem.message


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (b"a: 1\n\tb: 2\n", 2, "not valid YAML"),
        (b"a: [1, 2\nb: 3\n", 2, "not valid YAML"),
        (b"a: 1\nb: 'never closed\nc: 2\n", 2, "not valid YAML"),
        (b"a: b: c\n", 1, "not valid YAML"),
        (b"a: 1\nb: \xff\xfe\n", 2, "not UTF-8"),
        ("id: \u043c\u0435\u043c\u043e".encode("cp1251"), 1, "not UTF-8"),
        (b"a: &here 1\nb: *here\n", 1, "anchors"),
        (b"a: !!python/object/apply:os.system [ls]\n", 1, "tags"),
        (b"a: !!str 5\n", 1, "tags"),
        (b"a: 1\n---\nb: 2\n", 2, "second document"),
        (b"? [a, b]\n: 1\n", 1, "where a key must be"),
        (b"- a\n- b\n", 1, "keys and values"),
        (b"just words\n", 1, "keys and values"),
        (b"", None, "is empty"),
        (b"# nothing but a comment\n", None, "is empty"),
        (b"a: \x00\n", None, "characters that YAML does not allow"),
    ],
)
def test_what_cannot_be_read_is_one_problem_with_its_line(content: bytes, line: int | None, message: str) -> None:
    found_line, found = only_problem(parse("x.yaml", content))
    assert found_line == line
    assert message in found


def test_an_unclosed_quote_is_shown_where_it_opens() -> None:
    line, _ = only_problem(parse("x.yaml", b'a: 1\nb: "open\nc: 2\nd: 3\n'))
    assert line == 2


def test_a_bomb_of_aliases_is_refused_at_its_first_anchor() -> None:
    bomb = b"a: &a [x, x]\n" + b"".join(
        b"%c: &%c [*%c, *%c]\n" % (letter, letter, letter - 1, letter - 1) for letter in b"bcdefghi"
    )
    line, message = only_problem(parse("x.yaml", bomb))
    assert line == 1
    assert "anchors" in message


@pytest.mark.parametrize("bomb", [b"[" * 100_000, b"{a: " * 50_000, b"- " * 100_000, b"a:\n" + b" " * 30 + b"- " * 1000])
def test_deep_nesting_is_bounded(bomb: bytes) -> None:
    _, message = only_problem(parse("x.yaml", bomb))
    assert f"deeper than {DEPTH_CAP} levels" in message


def test_a_file_of_ten_megabytes_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_bytes(b"a: 1\n" * (2 * 1024 * 1024))
    document = read(path)
    assert f"larger than {SIZE_CAP // 1024} KiB" in only_problem(document)[1]
    assert document.content == b""


def test_a_file_that_may_not_be_read_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.yaml"
    path.write_text("id: x\n")

    def refuse(*arguments: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert "cannot be read (Permission denied)" in only_problem(read(path))[1]


def test_a_folder_or_a_pipe_in_a_files_place_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    os.mkfifo(tmp_path / "pipe.yaml")
    assert "not an ordinary file" in only_problem(read(tmp_path / "folder.yaml"))[1]
    assert "not an ordinary file" in only_problem(read(tmp_path / "pipe.yaml"))[1]


def test_a_missing_file_is_a_problem(tmp_path: Path) -> None:
    assert "is missing" in only_problem(read(tmp_path / "absent.yaml"))[1]


@given(st.binary(max_size=300))
def test_arbitrary_bytes_give_data_or_problems(content: bytes) -> None:
    document = parse("x.yaml", content)
    assert document.understood or document.problems
    assert all(problem.file == "x.yaml" and problem.message and problem.remedy for problem in document.problems)


@given(st.text(alphabet="ab: \n-[]{},\"'#&*!|>%@`?~01.\t<=\r\x85\u2028\ufeff", max_size=60))
def test_text_that_looks_like_yaml_gives_data_or_problems(text: str) -> None:
    document = parse("x.yaml", text.encode())
    assert document.understood or document.problems


PLAIN = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**17), 10**17), st.text("abc é1", max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text("abcé", min_size=1, max_size=5), inner, max_size=3)
    ),
    max_leaves=12,
)


def _in_flow(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}": {_in_flow(one)}' for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_in_flow, value)) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value).replace("None", "null")


@given(st.dictionaries(st.text("abcé", min_size=1, max_size=5), PLAIN, min_size=1, max_size=4))
def test_what_was_written_is_what_is_read(value: dict[str, object]) -> None:
    document = parse("x.yaml", _in_flow(value).encode())
    assert document.problems == ()
    assert document.data == value
