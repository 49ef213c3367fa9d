"""The model browser: finding models on the Hub, their pages, and what is being downloaded."""
