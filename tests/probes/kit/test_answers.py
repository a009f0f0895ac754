"""Which answers can be nothing but lies."""

from probes.kit.answers import answers_to, has_private_answers, is_private, private_lies
from probes.kit.observation import Facts
from tests.probes.telling import Telling

NAME = "www.example.org"
PUBLIC = "93.184.216.34"


def answered(*answers: str, qtype: str = "A") -> Facts:
    return Telling().asked(NAME, *answers, qtype=qtype).facts()


def test_answers_are_collected_over_all_questions_for_a_name() -> None:
    facts = Telling().asked(NAME, "a", "b").asked("other.example", "c").asked(NAME, "b", "d", qtype="AAAA").facts()

    assert answers_to(facts, NAME) == ("a", "b", "d")
    assert answers_to(facts, "never.asked") is None


def test_what_is_no_address_is_not_private() -> None:
    assert not is_private("printer.local")
    assert has_private_answers(answered(PUBLIC, "10.0.0.1"))


def test_a_private_answer_is_a_lie_where_somebody_working_gets_a_public_one() -> None:
    assert private_lies(answered("10.0.0.1"), [answered(PUBLIC)], []) == ("10.0.0.1",)


def test_a_private_answer_beside_a_public_one_is_not() -> None:
    assert private_lies(answered("10.0.0.1", PUBLIC), [answered(PUBLIC)], []) == ()


def test_a_private_answer_that_anybody_else_gets_is_not() -> None:
    assert private_lies(answered("10.0.0.1"), [answered(PUBLIC)], [answered("10.0.0.1")]) == ()


def test_a_public_answer_to_another_question_says_nothing() -> None:
    assert private_lies(answered("::1", qtype="AAAA"), [answered(PUBLIC)], []) == ()
