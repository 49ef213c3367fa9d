"""The panel of dials: load settings, sampling settings, and what belongs to the conversation."""
