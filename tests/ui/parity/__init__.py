"""The parity check in the window."""
