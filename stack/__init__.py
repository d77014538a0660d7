"""The real Pulsar and Flink of one machine: start, stop, inspect."""

from stack.machine import Status, down, environment, status, up

__all__ = ["Status", "down", "environment", "status", "up"]
