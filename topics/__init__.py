"""Read and publish topics by the binary protocol: messages by their writers' schemas, versions by one at a time."""
