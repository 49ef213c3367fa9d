"""The process boundary: commands, events, and the two ends of the queue."""
