"""Loadout: chat with local language models; every load setting is a dial that shows what it costs."""

__version__ = "0.1.0"
