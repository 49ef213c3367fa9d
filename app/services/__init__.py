"""QObjects without pixels: what the window knows and asks."""
