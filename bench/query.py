"""Measure how long the warehouse's questions take over many landed events, before and after compaction.

The events are visits of the simulated shop over one day, in as many files as a landing job leaves of such a day.
"""
