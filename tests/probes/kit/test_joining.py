"""Two looks, told as one."""

from dataclasses import replace

from probes.kit.joining import joined
from probes.kit.observation import Facts
from tests.probes.telling import Telling

NAME = "www.example.org"


def test_the_second_look_counts_on_from_the_end_of_the_first() -> None:
    first = Telling().asked(NAME, "93.184.216.34").connected("93.184.216.34").facts()
    second = Telling().shook_hands("93.184.216.34", NAME).got(f"https://{NAME}/", "93.184.216.34").facts()

    both = joined(first, second)

    assert [round(step.started, 3) for step in both.steps()] == [0.0, 0.1, 0.2, 0.3]
    assert [type(step).__name__ for step in both.steps()] == ["DnsLookup", "TcpConnect", "TlsHandshake", "HttpExchange"]


def test_what_either_knows_is_kept() -> None:
    first = replace(Facts(), asns={"1.1.1.1": 13335}, lists={"own": "1"}, details={"depth": "full"})
    second = replace(Facts(), asns={"9.9.9.9": 19281}, lists={"ooni": "2"}, details={"also": 1})

    both = joined(first, second)

    assert both.asns == {"1.1.1.1": 13335, "9.9.9.9": 19281}
    assert both.lists == {"own": "1", "ooni": "2"}
    assert both.details == {"depth": "full", "also": 1}


def test_a_look_that_saw_nothing_adds_nothing() -> None:
    facts = Telling().asked(NAME, "93.184.216.34").facts()

    assert joined(facts, Facts()) == facts == joined(Facts(), facts)
