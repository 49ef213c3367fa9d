"""The strip of live plots: speed, memory and load on one time axis."""
