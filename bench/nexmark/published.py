"""What others published of the same queries, to stand beside ours; none of it was measured here."""

# github.com/nexmark/nexmark, README, "Benchmark Results": Flink 1.13, 3 workers of 8 cores and 32 GB with SSDs, 8
# TaskManagers of one slot and 8 GB, RocksDB, mini-batches of 2 s, 100 million events of which 92 % are bids, made
# inside the source: no broker, nothing decoded. Its column "Throughput/Cores", in events/s.
FLINK_PER_CORE = {"q5": 22_140, "q11": 39_700, "q12": 75_670, "q18": 53_700}
FLINK_CORES = {"q5": 10.8, "q11": 10.6, "q12": 13.69, "q18": 12.49}
