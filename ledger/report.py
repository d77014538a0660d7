"""Tell a person what became of events and coupons, in a short table, and each finding below it."""

from ledger.account import Account
from ledger.reckoning import Reckoning

# More are in the JSON answer.
NAMED = 20


def report(account: Account, reckoning: Reckoning | None = None) -> str:
    """The account as text: figures first, then what must not be."""
    events, coupons = account.events, account.coupons
    lines = [
        _line("published", events["published"], f"{events['unacknowledged']:,} more without an acknowledgement"),
        _line("  landed", events["landed"], f"{events['duplicates_landed']:,} landed again"),
        _line("    counted by conversion", events["counted"]),
        _line("    late", events["late"]),
        _line("    of no step of the funnel", events["of_no_step"]),
        _line("    not counted yet", events["uncounted"]),
        _line("  dead letters", events["dead_lettered"], "; ".join(map(_dead, account.dead_letters))),
        _line("  dropped as a duplicate", events["duplicates_dropped"]),
        _line("  pending", events["pending"], f"{events['not_moved']:,} deferred, and not moved yet"),
        _line("  lost", events["lost"]),
        _line("deferred meanwhile", events["deferred"]),
        _line("published by others", events["foreign_messages"]),
        _line("coupons decided", coupons["decided"], f"{coupons['decided_again']:,} decided again by a replay"),
        _line("  sent", coupons["sent"]),
        _line("  received", coupons["received"], f"{coupons['repeats_dropped']:,} repeats dropped"),
    ]
    if reckoning is not None:
        more = f"{reckoning.either:,} more may be, within {reckoning.slack_ms:,} ms"
        lines.append(_line("  due by the rules", reckoning.expected, more))
    findings = account.findings + (reckoning.findings if reckoning else [])
    lines += [f"{finding.kind} {finding.id}: {finding.what}" for finding in findings[:NAMED]]
    if len(findings) > NAMED:
        lines.append(f"… and {len(findings) - NAMED:,} more; --json names each")
    return "\n".join(lines)


def _line(what: str, count: int, more: str = "") -> str:
    return f"{what:<28}{count:>14,}  {more}".rstrip()


def _dead(row: dict[str, object]) -> str:
    return f"{row['messages']} {row['field'] or 'undecodable'}"
