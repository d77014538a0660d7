"""Measure what Hongbao does on one machine, beside its peers, and check every result: `hongbao bench`."""
