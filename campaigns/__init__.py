"""The operator's side of campaigns: what a file says, what is on the topic, what a day would have cost."""
