"""The subscriber's side: receive coupon triggers."""
