"""The Models page: every model file that Loadout knows of, and what its header says."""
