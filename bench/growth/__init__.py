"""What more users, TaskManagers, partitions and time do to rates, latency, state and memory."""
