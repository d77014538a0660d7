"""Four small services on the subscriber library: to start from, and to test with."""
