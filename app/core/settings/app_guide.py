"""The app's own settings: the model that comes with it."""

from __future__ import annotations

from app.core.settings.setting import Apply, Kind, Setting

GUIDE_ROWS = (
    Setting(
        key="show_guide",
        target="app.show_guide",
        kind=Kind.BOOL,
        default=True,
        group="Models",
        title="Show the Guide",
        summary="Lists the Guide, a tiny model that comes with Loadout and knows its settings, among the models.",
        help="Until another model has been used, the window opens with the Guide loaded, so that there is something to "
        "talk to and to turn the dials on; it also answers questions from the settings' help. It takes some tens of "
        "megabytes of memory while it is loaded and knows little but Loadout. Off, it is ejected, listed nowhere and "
        "never loaded; its files stay where Loadout is installed, and the command line still knows it as guide.",
        apply=Apply.NOW,
    ),
)
