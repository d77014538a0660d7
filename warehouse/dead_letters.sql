-- One row per message that is no valid event, with the reason.
FROM landed('dead_letters')
