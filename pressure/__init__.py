"""Say how hard pressed the system is, and let what may wait wait: nothing is dropped (docs/ingest.md)."""
