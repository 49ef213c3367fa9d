"""The parity check: its dialog and its words."""
