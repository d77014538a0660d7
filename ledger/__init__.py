"""Account for every published event and every coupon, from the publisher's books and from what landed."""

from ledger.account import Account, Asked, Finding, account

__all__ = ["Account", "Asked", "Finding", "account"]
