"""Nexmark's bids on a Pulsar topic, and four of its queries on this project's source: q5, q11, q12, q18."""
