import pytest

from tests.lab.conditions import Conditions
from tests.lab.dns import Answer, Question, Refusal
from tests.lab.naming import Naming
from tests.lab.topology import Topology

OVD = "93.184.216.34"
FORGED = "10.10.34.35"
OWN = "77.88.8.8"
PUBLIC = "8.8.8.8"
HOME = "127.0.1.1"
ABROAD = "127.0.2.1"

TOPOLOGY = Topology.model_validate(
    {
        "vantages": [{"id": "home", "name": {"en": "at home"}, "resolvers": [OWN]}],
        "hosts": {
            "2606:2800::1": {"names": ["ovdinfo.org"]},
            OVD: {"names": ["ovdinfo.org"]},
            "93.184.216.35": {"names": ["*.wild.org"]},
        },
    }
)


def naming(**conditions):
    said = Naming(TOPOLOGY, {HOME: "home", ABROAD: "abroad"}.get)
    said.apply(Conditions.model_validate(conditions))
    return said


def answers(said, name="ovdinfo.org", resolver=OWN, **question):
    asked = {"name": name, "qtype": "A", "over_udp": True, "source": HOME, **question}
    return said.view(resolver)(Question(**asked))


def said_by(said, *args, **question):
    return [answer.said for answer in answers(said, *args, **question)]


TRUE = (OVD, "2606:2800::1")


class TestTheTruth:
    def test_a_name_has_the_addresses_of_its_hosts_the_older_family_first(self):
        assert said_by(naming()) == [TRUE]

    def test_a_name_that_no_host_has_does_not_exist(self):
        assert said_by(naming(), "nowhere.org") == [Refusal.NXDOMAIN]

    @pytest.mark.parametrize(("name", "exists"), [("any.wild.org", True), ("a.b.wild.org", True), ("wild.org", False)])
    def test_a_wildcard_is_every_name_below_it(self, name, exists):
        assert (said_by(naming(), name) == [("93.184.216.35",)]) is exists


class TestAResolverThatSaysSomethingElse:
    def test_it_says_so_to_everybody_and_over_everything(self):
        said = naming(dns={OWN: {"ovdinfo.org": [FORGED]}})
        for question in ({}, {"over_udp": False}, {"source": ABROAD}):
            assert said_by(said, **question) == [(FORGED,)]
        assert said_by(said, resolver=PUBLIC) == [TRUE]

    def test_the_closest_fit_counts(self):
        said = naming(dns={OWN: {"*": "drop", "*.org": "refused", "*.info.org": "servfail", "ovdinfo.org": [FORGED]}})
        assert said_by(said) == [(FORGED,)]
        assert said_by(said, "a.info.org") == [Refusal.SERVFAIL]
        assert said_by(said, "memorial.org") == [Refusal.REFUSED]
        assert said_by(said, "memorial.net") == [Refusal.DROP]

    def test_a_star_is_every_resolver_that_is_not_listed(self):
        said = naming(dns={"*": {"ovdinfo.org": [FORGED]}, PUBLIC: {"ovdinfo.org": "truth"}})
        assert said_by(said) == [(FORGED,)]
        assert said_by(said, resolver=PUBLIC) == [TRUE]

    def test_it_may_say_more_than_an_address(self):
        rich = {"answer": "nxdomain", "authoritative": True, "authority": False, "ede": [16], "cname": ["a.net"], "after": 0.1}
        [answer] = answers(naming(dns={OWN: {"ovdinfo.org": rich}}))
        expected = Answer(
            said=Refusal.NXDOMAIN,
            authoritative=True,
            authority=False,
            extended_errors=(16,),
            cnames=("a.net",),
            after=0.1,
        )
        assert answer == expected

    def test_a_zone_that_cannot_be_validated_is_told_to_those_who_do_not_mind(self):
        said = naming(dns={"*": {"ovdinfo.org": {"answer": "truth", "bogus": True}}})
        assert answers(said) == (Answer(said=Refusal.SERVFAIL, extended_errors=(6,)),)
        assert said_by(said, checking_disabled=True) == [TRUE]

    def test_a_share_of_questions_gets_it_type_by_type(self):
        said = naming(dns={OWN: {"ovdinfo.org": {"answer": "servfail", "every": 2}}})
        first = [said_by(said) for _ in range(3)]
        assert first == [[Refusal.SERVFAIL], [TRUE], [Refusal.SERVFAIL]]
        assert said_by(said, qtype="AAAA") == [Refusal.SERVFAIL]

    def test_questions_are_counted_anew_under_new_conditions(self):
        conditions = Conditions.model_validate({"dns": {OWN: {"ovdinfo.org": {"answer": "servfail", "every": 2}}}})
        said = naming()
        for _ in range(2):
            said.apply(conditions)
            assert said_by(said) == [Refusal.SERVFAIL]


class TestAnInjectorOnThePath:
    def test_it_answers_one_vantage_point_whomever_that_asks_over_udp(self):
        said = naming(spoof={"home": {"ovdinfo.org": [FORGED]}})
        assert said_by(said, resolver=OWN) == said_by(said, resolver=PUBLIC) == [(FORGED,)]
        assert said_by(said, source=ABROAD) == [TRUE]
        assert said_by(said, over_udp=False) == [TRUE]

    def test_it_may_act_on_some_resolvers_only(self):
        said = naming(spoof={"home": {"ovdinfo.org": {"answer": [FORGED], "to": [PUBLIC]}}})
        assert said_by(said, resolver=OWN) == [TRUE]
        assert said_by(said, resolver=PUBLIC) == [(FORGED,)]

    def test_the_true_answer_may_come_after_the_forged_one(self):
        said = naming(spoof={"home": {"ovdinfo.org": {"answer": [FORGED], "then": [{"answer": "truth", "after": 0.05}]}}})
        assert [(one.said, one.after) for one in answers(said)] == [((FORGED,), 0), (TRUE, 0.05)]

    def test_what_it_leaves_alone_is_what_the_resolver_itself_says(self):
        said = naming(spoof={"home": {"ovdinfo.org": {"answer": [FORGED], "every": 2}}}, dns={OWN: {"ovdinfo.org": "servfail"}})
        assert [said_by(said) for _ in range(2)] == [[(FORGED,)], [Refusal.SERVFAIL]]
