"""Which events a webhook gets, when a delivery is tried again, and in which order deliveries are sent."""

import ipaddress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forebear.domain.roles import Role
from forebear.domain.webhook import (
    DELAYS,
    EVENT_AGE,
    Attempt,
    Delivery,
    DeliveryState,
    EventFilter,
    OutboxEvent,
    cloud_event,
    may_see,
    runs,
    sequence,
    unsettled,
)
from forebear.domain.webhook_target import permitted, wrong_url
from forebear.graph.moments import moment

NOW = datetime(2026, 11, 23, 14, 52, 6, tzinfo=UTC)
EVENT = OutboxEvent(
    entry=f"{moment(NOW)}/0000/release:m@1/l#3",
    at=moment(NOW),
    name="approve",
    subject="release:m@1/l",
    number=3,
    by="ines",
    after={"release:m@1/l": {"state": "APPROVED"}},
    kinds=frozenset({"Release"}),
    lines=frozenset({"line:l"}),
)


def delivery(subject: str = "m", number: int = 0, *, attempts: int = 0, due: datetime = NOW) -> Delivery:
    event = replace(EVENT, subject=subject, number=number)
    return Delivery(f"webhook:a/{subject}#{number}", "msg_0000000000008000", subject, event, attempts, due)


def test_a_message_is_a_cloud_event_with_the_number_in_the_subjects_sequence() -> None:
    assert cloud_event("msg_1", EVENT) == {
        "specversion": "1.0",
        "id": "msg_1",
        "source": "forebear",
        "type": "forebear.approve",
        "subject": "release:m@1/l",
        "time": "2026-11-23T14:52:06.000000Z",
        "sequence": "000000000003",
        "datacontenttype": "application/json",
        "data": {"number": 3, "by": "ines", "after": {"release:m@1/l": {"state": "APPROVED"}}},
    }


@pytest.mark.parametrize(
    ("wanted", "takes"),
    [
        (EventFilter(), True),
        (EventFilter(events=frozenset({"approve", "reject"})), True),
        (EventFilter(events=frozenset({"reject"})), False),
        (EventFilter(kinds=frozenset({"Release"}), lines=frozenset({"line:l", "line:k"})), True),
        (EventFilter(kinds=frozenset({"Release"}), lines=frozenset({"line:k"})), False),
        (EventFilter(kinds=frozenset({"Run"})), False),
    ],
)
def test_an_event_passes_a_filter_if_it_passes_each_part(wanted: EventFilter, takes: bool) -> None:
    assert wanted.takes(EVENT) is takes


def test_an_event_of_no_line_passes_no_filter_by_lines() -> None:
    assert not EventFilter(lines=frozenset({"line:l"})).takes(replace(EVENT, lines=frozenset()))


def test_only_who_may_read_tokens_sees_what_is_done_to_tokens_and_webhooks() -> None:
    readers, administrators = [Role.VIEWER, Role.ADMIN], [Role.ADMIN]
    seen = {
        (role, subject): may_see([role], readers, administrators, subject)
        for role in (Role.VIEWER, Role.ADMIN, Role.RECORDER)
        for subject in ("release:m@1/l", "facts/ada", "token:a", "webhook:a")
    }
    assert [key for key, sees in seen.items() if not sees] == [
        (Role.VIEWER, "token:a"),
        (Role.VIEWER, "webhook:a"),
        *((Role.RECORDER, subject) for subject in ("release:m@1/l", "facts/ada", "token:a", "webhook:a")),
    ]


def test_a_delivery_that_fails_is_tried_again_for_a_day_and_is_dead_then() -> None:
    trying, now, waits = delivery(), NOW, []
    while (outcome := trying.after(Attempt(now, "the answer was 500")))[0] is DeliveryState.PENDING:
        waits.append(round((outcome[1] - now).total_seconds()))
        now = outcome[1]
        trying = replace(trying, attempts=trying.attempts + 1)
    assert outcome[0] is DeliveryState.DEAD
    assert waits == [round(delay.total_seconds()) for delay in DELAYS]
    assert timedelta(hours=23) < now - NOW < timedelta(hours=25)


def test_an_attempt_that_succeeds_ends_a_delivery() -> None:
    assert delivery(attempts=9).after(Attempt(NOW)) == (DeliveryState.DELIVERED, NOW)


def test_an_old_event_is_tried_once() -> None:
    late = Attempt(NOW + EVENT_AGE + timedelta(seconds=1), "the answer was 500")
    assert delivery().after(late) == (DeliveryState.DEAD, late.at)


def test_a_delivery_that_is_not_due_holds_up_its_own_queue_alone() -> None:
    later = NOW + timedelta(seconds=5)
    first, second, third = delivery("a", 0, due=later), delivery("a", 1), delivery("b", 1)
    fourth, fifth = delivery("b", 2), delivery("b", 3, due=later)
    assert runs([fifth, second, fourth, first, third], NOW) == [[third, fourth]]
    assert runs([second, first], later) == [[first, second]]


@given(
    st.lists(st.sampled_from("abc"), max_size=12),
    st.data(),
)
def test_no_subjects_sequence_has_a_gap_whatever_a_read_misses(subjects: list[str], data: st.DataObject) -> None:
    """The log is in the order of writing, while the moments in the ids, by which reads go, are in any order."""
    moments = data.draw(st.permutations(range(len(subjects))))
    log = [f"{moments[n]:02}/0000/{s}#{subjects[:n].count(s)}" for n, s in enumerate(subjects)]
    seen: list[str] = []
    taken: list[str] = []
    for _ in range(4):
        # A read goes through ids while others write: at each id, it sees what was written by then.
        first, end = read(log, data.draw, 0)
        second, _ = read(log, data.draw, end)
        new = unsettled(seen, first, second)
        seen += new
        taken += new
        for subject in set(subjects):
            numbers = [sequence(entry)[1] for entry in taken if sequence(entry)[0] == subject]
            assert numbers == [*range(len(numbers))]
    assert unsettled([], log, log) == sorted(log, key=lambda entry: (sequence(entry)[1], entry))


def read(log: list[str], draw: object, since: int) -> tuple[list[str], int]:
    written = since
    found = []
    for entry in sorted(log):
        written = draw(st.integers(written, len(log)))  # type: ignore[operator]
        if entry in log[:written]:
            found.append(entry)
    return found, written


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.1.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1",
     "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "fec0::1", "ff02::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1",
     "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "::7f00:1"],
)  # fmt: skip
def test_a_webhook_leads_to_no_address_of_this_machine_or_a_private_network(address: str) -> None:
    assert not permitted(ipaddress.ip_address(address), [])
    assert permitted(ipaddress.ip_address(address), [ipaddress.ip_network(address)])


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_a_webhook_may_lead_to_a_public_address(address: str) -> None:
    assert permitted(ipaddress.ip_address(address), [])


def test_a_network_that_is_named_opens_what_leads_into_it_and_no_more() -> None:
    networks = [ipaddress.ip_network("10.0.0.0/8")]
    assert permitted(ipaddress.ip_address("::ffff:10.9.9.9"), networks)
    assert not permitted(ipaddress.ip_address("127.0.0.1"), networks)


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("https://hooks.example/forebear?x=1", None),
        ("http://10.1.2.3:8000/", None),
        ("ftp://hooks.example/", "it is no https:// or http:// URL with a host"),
        ("https:///path", "it is no https:// or http:// URL with a host"),
        ("hooks.example", "it is no https:// or http:// URL with a host"),
        ("https://hooks.example:99999/", "it is no URL: Port out of range 0-65535"),
        ("https://ada:secret@hooks.example/", "it holds a user or a password, which everybody who sees the webhook would read"),
        ("https://hooks.example/#part", "it ends with a fragment, which is not sent"),
        ("https://hooks.example/a b", "it holds characters that a URL may not hold as they are"),
        ("https://hooks.example/ü", "it holds characters that a URL may not hold as they are"),
        ("https://hooks.example/" + "x" * 2_000, "it is longer than 2,000 characters"),
        ("http://127.0.0.1/", "127.0.0.1 is not public, and none of the networks in FOREBEAR_WEBHOOK_NETWORKS holds it"),
        ("http://[::1]/", "::1 is not public, and none of the networks in FOREBEAR_WEBHOOK_NETWORKS holds it"),
    ],
)
def test_a_url_is_refused_for_a_reason(url: str, wrong: str | None) -> None:
    assert wrong_url(url, [ipaddress.ip_network("10.0.0.0/8")]) == wrong
