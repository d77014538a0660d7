"""The `hongbao` command: thin; each command calls one function elsewhere."""
