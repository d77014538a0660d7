"""Say which coupons the rules must give for a shopper's events: a second reckoning, which shares nothing with the jobs.

events in the order of arrival -> patterns -> candidates -> caps and cooldown -> coupons that must, may and must not be

The jobs decide by their own clock, which no event records: a candidate's moment is the broker's `appended_ms` or up to
`slack_ms` later. Where that decides (a cooldown about to end, a basket about to count as left behind, two rules at the
daily cap), the coupon may be given or not, and neither is held against the job.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from jobs.coupon_rules import coupon_id
from ledger.event import Event
from ledger.moments import Thresholds

DAY_MS = 86_400_000
# The jobs remember so many events of a shopper (docs/jobs.md); what a bot did before is forgotten.
REMEMBERED = 64


@dataclass(frozen=True)
class Rules:
    """The [coupons] settings that decide who gets one; `thresholds` are of the patterns that only campaigns answer."""

    campaign_id: str
    hesitation_views: int
    hesitation_within_ms: int
    abandoned_after_ms: int
    high_value_views: int
    high_value_within_ms: int
    high_value_price_minor: int
    cooldown_ms: int
    most_per_day: int
    longest_past_ms: int
    forget_after_ms: int
    thresholds: Thresholds | None = None


class Coupon(NamedTuple):
    """A coupon that must be there, or, without `certain`, may."""

    coupon_id: str
    rule: str
    cause_event_id: str
    certain: bool


class Candidate(NamedTuple):
    """A pattern matched; `certain` unless that hangs on a moment nobody recorded."""

    rule: str
    cause: Event
    at_ms: int
    certain: bool


@dataclass
class _Memory:
    """What one course of events has left of a shopper."""

    events: list[Event] = field(default_factory=list)
    basket_minor: int = 0
    added: Event | None = None


def expected(
    shopper_id: str,
    events: Sequence[Event],
    rules: Rules,
    slack_ms: int,
    until_ms: int,
    answered: Collection[str] = (),
) -> list[Coupon]:
    """The coupons of one shopper whose `events` came in this order, as seen at `until_ms` by the broker's clock.

    A pattern `answered` by campaigns earns these rules' coupon or not: nobody recorded since when they were in force.
    """
    recent = (
        one._replace(certain=one.certain and one.rule not in answered)
        for one in _recent(candidates(events, rules, slack_ms, until_ms), rules, slack_ms)
    )
    found = sorted(recent, key=lambda candidate: candidate.at_ms)
    return [
        Coupon(
            coupon_id(shopper_id, one.cause.campaign_id or rules.campaign_id, one.rule, one.cause.event_id),
            one.rule,
            one.cause.event_id,
            certain,
        )
        for one, certain in judged(found, rules, slack_ms)
    ]


def candidates(events: Sequence[Event], rules: Rules, slack_ms: int, until_ms: int) -> Iterator[Candidate]:
    """Every match of every pattern, by arrival.

    A quiet of about `forget_after_ms` leaves two courses of events possible, remembered and forgotten; a match is
    certain when it is in all of them.
    """
    courses = [_Memory()]
    for number, event in enumerate(events):
        matches = [_take(course, event, rules) for course in courses]
        for rule in dict.fromkeys(rule for matched in matches for rule in matched):
            yield Candidate(rule, event, event.appended_ms, all(rule in matched for matched in matches))
        last = number + 1 == len(events)
        quiet_ms = (until_ms if last else events[number + 1].appended_ms) - event.appended_ms
        yield from _left_behind(courses, event, quiet_ms, rules, slack_ms)
        courses = _forgotten(courses, quiet_ms, rules, slack_ms)


def _take(memory: _Memory, event: Event, rules: Rules) -> list[str]:
    """Remember the event; the rules it matches."""
    memory.events = [*memory.events, event][-REMEMBERED:]
    value = (1 if event.quantity is None else event.quantity) * (event.price_minor or 0)
    match event.event_type:
        case "product_added":
            memory.basket_minor += value
            memory.added = event
        case "product_removed":
            memory.basket_minor = max(0, memory.basket_minor - value)
            if memory.basket_minor == 0:
                memory.added = None
        case "order_completed":
            memory.basket_minor, memory.added = 0, None
        case "qr_scanned":
            return ["qr_claim"]
        case "product_viewed":
            return list(_viewed(memory.events, event, rules))
    return []


def _viewed(events: Sequence[Event], event: Event, rules: Rules) -> Iterator[str]:
    of_product = [one for one in events if one.product_id == event.product_id]
    # A pattern without a product is one over all products.
    same = of_product if event.product_id is not None else events
    views = [one for one in _since(same, {"product_added"}) if one.event_type == "product_viewed"]
    if _within(views, event, rules.hesitation_within_ms) == rules.hesitation_views:
        yield "hesitation"
    if (event.price_minor or 0) < rules.high_value_price_minor:
        return
    dear = [
        one
        for one in _since(events, {"product_added", "order_completed"})
        if one.event_type == "product_viewed" and (one.price_minor or 0) >= rules.high_value_price_minor
    ]
    if _within(dear, event, rules.high_value_within_ms) == rules.high_value_views:
        yield "high_value_browsing"


def _since(events: Sequence[Event], resets: set[str]) -> Sequence[Event]:
    """What came after the last reset."""
    for number in range(len(events) - 1, -1, -1):
        if events[number].event_type in resets:
            return events[number + 1 :]
    return events


def _within(views: Iterable[Event], newest: Event, within_ms: int) -> int:
    return sum(view.occurred_ms >= newest.occurred_ms - within_ms for view in views)


def _left_behind(
    courses: list[_Memory], event: Event, quiet_ms: int, rules: Rules, slack_ms: int
) -> Iterator[Candidate]:
    """The basket that nobody touched for long enough after `event`; announced once."""
    if quiet_ms < rules.abandoned_after_ms - slack_ms or rules.abandoned_after_ms > rules.forget_after_ms:
        return
    surely = quiet_ms > rules.abandoned_after_ms + slack_ms
    causes = {course.added.event_id: course.added for course in courses if course.added is not None}
    for cause in causes.values():
        in_all = all(course.added is not None and course.added.event_id == cause.event_id for course in courses)
        yield Candidate("abandoned_cart", cause, event.appended_ms + rules.abandoned_after_ms, surely and in_all)
    # Where it is not sure, a later quiet is about the same coupon: the cause is the same.
    if surely:
        for course in courses:
            course.added = None


def _forgotten(courses: list[_Memory], quiet_ms: int, rules: Rules, slack_ms: int) -> list[_Memory]:
    if quiet_ms > rules.forget_after_ms + slack_ms:
        return [_Memory()]
    if quiet_ms >= rules.forget_after_ms - slack_ms:
        courses = [*courses, _Memory()]
    # Courses that differ in nothing are one.
    return [course for number, course in enumerate(courses) if course not in courses[:number]]


def _recent(found: Iterable[Candidate], rules: Rules, slack_ms: int) -> Iterator[Candidate]:
    """The candidates whose cause was no history when it came: published again, or from a clock that is behind."""
    for one in found:
        past_ms = one.cause.appended_ms - one.cause.occurred_ms
        if past_ms - slack_ms <= rules.longest_past_ms:
            yield one._replace(certain=one.certain and past_ms + slack_ms <= rules.longest_past_ms)


def judged(found: Sequence[Candidate], rules: Rules, slack_ms: int) -> Iterator[tuple[Candidate, bool]]:
    """The candidates that earn a coupon, and whether surely; by the latest and by the earliest moments possible."""
    surely: list[Candidate] = []
    maybe: list[Candidate] = []
    for number, one in enumerate(found):
        before = [other for other in surely if _surely_before(other, one, slack_ms)]
        if _blocked(one, before, rules, -slack_ms):
            continue
        # What another rule gives in the same moment may be judged first.
        near = [
            other for other in found[number + 1 :] if other.at_ms - one.at_ms <= slack_ms and other.rule != one.rule
        ]
        certain = one.certain and not _blocked(one, [*surely, *maybe, *near], rules, slack_ms)
        (surely if certain else maybe).append(one)
        yield one, certain


def _surely_before(other: Candidate, one: Candidate, slack_ms: int) -> bool:
    return other.rule == one.rule or one.at_ms - other.at_ms > slack_ms


def _blocked(one: Candidate, given: Sequence[Candidate], rules: Rules, wider_ms: int) -> bool:
    """Whether those given keep `one` from being given, with the day and the cooldown so much wider."""
    today = [other for other in given if one.at_ms - other.at_ms < DAY_MS + wider_ms]
    if len(today) >= rules.most_per_day:
        return True
    if one.rule == "qr_claim":
        return False
    return any(other.rule == one.rule and one.at_ms - other.at_ms < rules.cooldown_ms + wider_ms for other in today)
