"""What people decide through the API: who may, on which version, with which reason, and what readers then find."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest

from monitor.core.dossier import Dossier
from monitor.core.incident import Relation
from monitor.core.keys import Scope
from monitor.core.kinds import EventKind, Kind, RelationKind
from monitor.core.model import Tlp, Words
from tests.api import cast
from tests.api.conftest import House
from tests.api.stories import a_block

CASE = "/api/v1/incidents/CW-2026-0001"

STATED = {"title": {"en": "Blocked by order of a court"}, "outcome": "appeal_pending", "review": "reported"}


@pytest.fixture
async def reviewer(house: House) -> Any:
    await a_block(house)
    secret = await house.key(Scope.READ, Scope.REVIEW, organisations=("ovd-info",))
    async with house.client(secret=secret) as client:
        yield client


async def test_a_release_opens_an_incident_to_everybody(
    house: House, reviewer: httpx2.AsyncClient, anonymous: httpx2.AsyncClient
) -> None:
    assert (await anonymous.get(CASE)).status_code == 404
    answer = await reviewer.post(f"{CASE}/release", json={"reason": "agreed with them"})
    assert (answer.status_code, answer.json()["tlp"], answer.headers["etag"][:4]) == (200, "CLEAR", 'W/"3')
    assert answer.headers["etag"] == (await reviewer.get(CASE)).headers["etag"]
    assert (await anonymous.get(CASE)).status_code == 200


async def test_a_correction_needs_a_reason_and_shows_what_it_changed(house: House, reviewer: httpx2.AsyncClient) -> None:
    assert (await reviewer.post(f"{CASE}/correction", json={"dossier": STATED, "reason": " "})).status_code == 422
    await reviewer.post(f"{CASE}/correction", json={"dossier": STATED, "reason": "the court's decision is here"})
    corrected = {**STATED, "outcome": "appeal_refused"}
    answer = await reviewer.post(f"{CASE}/correction", json={"dossier": corrected, "reason": "refused on Friday"})
    assert (answer.json()["origin"], answer.json()["dossier"]["outcome"]) == ("both", "appeal_refused")
    entry = (await reviewer.get(f"{CASE}/log")).json()["items"][-1]
    assert entry["reason"] == "refused on Friday"
    assert entry["by"].startswith("key-")
    assert entry["differences"] == [{"field": "dossier.outcome", "before": "appeal_pending", "after": "appeal_refused"}]


async def test_the_public_reads_why_a_published_statement_was_changed_and_nothing_from_before(
    house: House, reviewer: httpx2.AsyncClient, anonymous: httpx2.AsyncClient
) -> None:
    private = {**STATED, "note": "Ms Petrova told us"}
    await reviewer.post(f"{CASE}/correction", json={"dossier": private, "reason": "as Ms Petrova said"})
    await reviewer.post(f"{CASE}/correction", json={"dossier": STATED, "reason": "leave Ms Petrova out"})
    await reviewer.post(f"{CASE}/release", json={"reason": "Ms Petrova agrees"})
    await reviewer.post(f"{CASE}/correction", json={"dossier": {**STATED, "outcome": "migrated"}, "reason": "they have moved"})
    for address in (f"{CASE}/log", f"{CASE}/events", CASE, "/incidents/CW-2026-0001", "/incidents/CW-2026-0001/log"):
        answer = await anonymous.get(address)
        assert answer.status_code == 200
        assert "Petrova" not in answer.text
        assert "key-" not in answer.text
    last = (await anonymous.get(f"{CASE}/log")).json()["items"][-1]
    assert last["reason"] == "they have moved"
    assert [one["field"] for one in last["differences"]] == ["dossier.outcome"]


async def test_a_retraction_leaves_a_tombstone_and_cannot_be_repeated(house: House, reviewer: httpx2.AsyncClient) -> None:
    first = await reviewer.post(f"{CASE}/retraction", json={"reason": "a cable was cut"})
    assert first.json()["stage"] == "retracted"
    again = await reviewer.post(f"{CASE}/retraction", json={"reason": "a cable was cut"})
    assert (again.status_code, again.json()["detail"]) == (409, "CW-2026-0001 is retracted already.")


async def test_access_that_was_given_back_ends_an_incident(house: House, reviewer: httpx2.AsyncClient) -> None:
    back = {"scope": "full", "date": "2026-11-21", "basis": "provider"}
    answer = await reviewer.post(f"{CASE}/reinstatement", json={"reinstatement": back, "reason": "they wrote to us"})
    assert (answer.json()["stage"], answer.json()["dossier"]["outcome"]) == ("reinstated", "reinstated_full")


async def test_evidence_and_replies_are_added_to_what_is_stated(house: House, reviewer: httpx2.AsyncClient) -> None:
    shown = {"title": "The register's entry", "url": "https://register.example/1", "sha256": "0" * 64}
    await reviewer.post(f"{CASE}/evidence", json={"evidence": shown, "reason": "it shows the number"})
    said = {"by": {"en": "The company"}, "text": {"en": "We regret it."}}
    answer = await reviewer.post(f"{CASE}/replies", json={"reply": said, "reason": "they answered"})
    dossier = answer.json()["dossier"]
    assert [one["title"] for one in dossier["evidence"]] == ["The register's entry"]
    assert [one["text"]["en"] for one in dossier["replies"]] == ["We regret it."]


async def test_only_a_notice_can_be_averted(house: House, reviewer: httpx2.AsyncClient) -> None:
    refused = await reviewer.post(f"{CASE}/aversion", json={"reason": "they changed their mind"})
    assert refused.status_code == 409
    assert "is no notice" in refused.json()["detail"]
    await cast.plant(house.store, cast.suspicion(2, kind=Kind.NOTICE).confirmed())
    averted = await reviewer.post("/api/v1/incidents/CW-2026-0002/aversion", json={"reason": "they changed their mind"})
    assert averted.json()["stage"] == "averted"


async def test_a_link_is_seen_from_both_ends(house: House, reviewer: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, cast.suspicion(2, kind=Kind.NOTICE).confirmed())
    link = {"relation": "announced_by", "other": "CW-2026-0002", "reason": "their letter of Monday"}
    ours = (await reviewer.post(f"{CASE}/links", json=link)).json()["relations"]
    theirs = (await reviewer.get("/api/v1/incidents/CW-2026-0002")).json()["relations"]
    assert [(one["relation"], one["id"], one["subject"]) for one in ours] == [("announced_by", "CW-2026-0002", "CW-2026-0001")]
    assert [(one["relation"], one["id"], one["subject"]) for one in theirs] == [("announced_by", "CW-2026-0001", "CW-2026-0001")]


async def test_a_link_to_another_organisations_incident_is_refused_as_one_to_none(
    house: House, reviewer: httpx2.AsyncClient
) -> None:
    await cast.plant(house.store, cast.suspicion(2, "memorial", "memohrc-org").confirmed())
    link = {"relation": "see_also", "reason": "the same week"}
    hidden = await reviewer.post(f"{CASE}/links", json={**link, "other": "CW-2026-0002"})
    missing = await reviewer.post(f"{CASE}/links", json={**link, "other": "CW-2026-9999"})
    assert (hidden.status_code, hidden.content) == (missing.status_code, missing.content) == (422, missing.content)


async def test_a_decision_upon_an_old_version_comes_too_late(house: House, reviewer: httpx2.AsyncClient) -> None:
    late = await reviewer.post(f"{CASE}/release", json={"reason": "agreed"}, headers={"if-match": '"1"'})
    assert (late.status_code, late.headers["etag"]) == (412, 'W/"2"')
    assert "version 2 now" in late.json()["detail"]
    version = (await reviewer.get(CASE)).headers["etag"]
    assert (await reviewer.post(f"{CASE}/release", json={"reason": "agreed"}, headers={"if-match": version})).status_code == 200


async def test_an_if_match_that_names_no_version_is_said_to(house: House, reviewer: httpx2.AsyncClient) -> None:
    answer = await reviewer.post(f"{CASE}/release", json={"reason": "agreed"}, headers={"if-match": "yesterday"})
    assert (answer.status_code, "If-Match" in answer.json()["detail"]) == (422, True)


async def test_nobody_decides_for_another_organisation(house: House, reviewer: httpx2.AsyncClient) -> None:
    await cast.plant(
        house.store,
        cast.suspicion(2, "memorial", "memohrc-org").confirmed(),
        cast.suspicion(3, "memorial", "memohrc-org").confirmed().released(),
    )
    hidden = await reviewer.post("/api/v1/incidents/CW-2026-0002/retraction", json={"reason": "mine"})
    missing = await reviewer.post("/api/v1/incidents/CW-2026-9999/retraction", json={"reason": "mine"})
    public = await reviewer.post("/api/v1/incidents/CW-2026-0003/retraction", json={"reason": "mine"})
    assert (hidden.status_code, hidden.content) == (missing.status_code, missing.content) == (404, missing.content)
    assert public.status_code == 403


async def test_deciding_needs_a_key_with_the_scope_to_review(house: House, staff: httpx2.AsyncClient) -> None:
    await a_block(house)
    body = {"reason": "mine"}
    async with house.client(secret=await house.key(Scope.READ)) as reader:
        assert (await reader.post(f"{CASE}/retraction", json=body)).status_code == 403
    async with house.client() as anonymous:
        assert (await anonymous.post(f"{CASE}/retraction", json=body)).status_code == 401
    by_cookie = await staff.post(f"{CASE}/retraction", json=body)
    assert (by_cookie.status_code, "session" in by_cookie.json()["detail"]) == (401, True)
    assert (await staff.get(CASE)).json()["stage"] == "confirmed"


async def test_whoever_sees_to_it_is_remembered_and_may_have_quiet(house: House, reviewer: httpx2.AsyncClient) -> None:
    seen = (await reviewer.post(f"{CASE}/acknowledgement")).json()
    assert seen["acknowledged_at"] == "2026-11-21T12:00:00Z"
    quiet = await reviewer.post(f"{CASE}/mute", json={"until": "2026-11-22T08:00:00+03:00"})
    assert quiet.json()["muted_until"] == "2026-11-22T05:00:00Z"
    assert (await reviewer.post(f"{CASE}/mute", json={"until": None})).json()["muted_until"] is None
    assert (await reviewer.post(f"{CASE}/mute", json={"until": "2020-01-01T00:00:00Z"})).status_code == 422


async def test_nothing_is_muted_for_ever(reviewer: httpx2.AsyncClient) -> None:
    days = {count: (cast.NOW + timedelta(days=count)).isoformat() for count in (90, 91)}
    assert (await reviewer.post(f"{CASE}/mute", json={"until": days[90]})).status_code == 200
    refused = await reviewer.post(f"{CASE}/mute", json={"until": days[91]})
    assert (refused.status_code, "within 90 days" in refused.json()["detail"]) == (422, True)


async def test_several_versions_may_be_named(reviewer: httpx2.AsyncClient) -> None:
    late = await reviewer.post(f"{CASE}/release", json={"reason": "agreed"}, headers={"if-match": '"1", "7"'})
    assert (late.status_code, late.headers["etag"]) == (412, 'W/"2"')
    named = await reviewer.post(f"{CASE}/release", json={"reason": "agreed"}, headers={"if-match": '"1", "2"'})
    assert named.status_code == 200


async def test_a_key_that_may_only_decide_is_told_what_it_lacks(house: House) -> None:
    await cast.plant(house.store, cast.suspicion(5).confirmed())
    async with house.client(secret=await house.key(Scope.REVIEW)) as client:
        answer = await client.post("/api/v1/incidents/CW-2026-0005/release", json={"reason": "agreed"})
    assert (answer.status_code, "also needs the scope `read`" in answer.json()["detail"]) == (403, True)


async def test_a_body_without_its_type_or_in_disorder_is_said_to(reviewer: httpx2.AsyncClient) -> None:
    plain = await reviewer.post(f"{CASE}/release", content=b'{"reason": "x"}', headers={"content-type": "text/plain"})
    assert (plain.status_code, "Content-Type: application/json" in plain.json()["detail"]) == (422, True)
    broken = await reviewer.post(f"{CASE}/release", content=b'{"reason": ', headers={"content-type": "application/json"})
    assert (broken.status_code, "is no JSON" in broken.json()["detail"]) == (422, True)


async def test_errors_are_sentences_of_ours(reviewer: httpx2.AsyncClient) -> None:
    answer = await reviewer.post(f"{CASE}/mute", json={"until": "tomorrow"})
    assert answer.json()["detail"].startswith("until: write a date")


async def test_what_is_no_more_than_a_draft_does_not_leave_the_house(house: House, reviewer: httpx2.AsyncClient) -> None:
    draft = Dossier(title=Words(en="An account was closed"))
    await cast.plant(house.store, cast.attested(6, dossier=draft, tlp=Tlp.AMBER))
    address = "/api/v1/incidents/CW-2026-0006"
    refused = await reviewer.post(f"{address}/release", json={"reason": "agreed"})
    assert (refused.status_code, "review" in refused.json()["detail"]) == (409, True)
    reviewed = {"title": {"en": "An account was closed"}, "review": "reported"}
    assert (await reviewer.post(f"{address}/correction", json={"dossier": reviewed, "reason": "read"})).status_code == 200
    assert (await reviewer.post(f"{address}/release", json={"reason": "agreed"})).json()["tlp"] == "CLEAR"


async def test_what_is_over_needs_nobody_to_see_to_it(house: House, reviewer: httpx2.AsyncClient) -> None:
    await reviewer.post(f"{CASE}/retraction", json={"reason": "a cable was cut"})
    assert (await reviewer.post(f"{CASE}/acknowledgement")).status_code == 409


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"reason": 1}', b'{"reason": "x", "extra": 1}', b'{"reason": "\\ud800"}'])
async def test_a_body_that_cannot_be_used_is_an_error_in_words(reviewer: httpx2.AsyncClient, body: bytes) -> None:
    answer = await reviewer.post(f"{CASE}/retraction", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_no_answer_names_an_incident_of_others_to_which_ours_is_related(house: House, reviewer: httpx2.AsyncClient) -> None:
    hidden, related = cast.suspicion(2, "memorial", "memohrc-org").confirmed(), cast.suspicion(3).confirmed()
    linked = related.then(EventKind.LINKED, cast.NOW, relations=(Relation(RelationKind.SEE_ALSO, "CW-2026-0002"),), reason="r")
    await cast.plant(house.store, hidden, linked)
    case = "/api/v1/incidents/CW-2026-0003"
    for address in (case, f"{case}/log", f"{case}/events", f"{case}/versions/3", "/api/v1/events", "/incidents/CW-2026-0003/log"):
        answer = await reviewer.get(address)
        assert answer.status_code == 200
        assert "CW-2026-0002" not in answer.text


@pytest.mark.parametrize(("decision", "body"), [("acknowledgement", None), ("mute", {"until": "2026-11-22T08:00:00Z"})])
async def test_what_says_nothing_of_the_incident_still_holds_for_the_version_that_was_read(
    reviewer: httpx2.AsyncClient, decision: str, body: Any
) -> None:
    late = await reviewer.post(f"{CASE}/{decision}", json=body, headers={"if-match": '"1"'})
    assert (late.status_code, late.headers["etag"]) == (412, 'W/"2"')
    assert late.json()["detail"] == "CW-2026-0001 is at version 2 now: read it again, then decide."
    wrong = await reviewer.post(f"{CASE}/{decision}", json=body, headers={"if-match": "yesterday"})
    assert wrong.status_code == 422
    read = (await reviewer.get(CASE)).headers["etag"]
    done = await reviewer.post(f"{CASE}/{decision}", json=body, headers={"if-match": read})
    assert done.status_code == 200


@pytest.mark.parametrize("tag", ['"2"', 'W/"2"', "2", '"2-0123456789abcdef"'])
async def test_a_version_counts_however_a_proxy_has_changed_its_tag(reviewer: httpx2.AsyncClient, tag: str) -> None:
    answer = await reviewer.post(f"{CASE}/release", json={"reason": "agreed"}, headers={"if-match": tag})
    assert answer.status_code == 200
