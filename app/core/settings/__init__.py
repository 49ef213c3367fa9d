"""Settings: one row each, the tables they form, and what follows from them. Pure Python, quick to import.

Here is what nearly everyone needs. The rest is imported from its module: `rules`, `bounds`, `layers`, `load_mode`,
`slots`, `presets`, `loadouts`, `command_line`, `reference`, `store`.
"""

from app.core.settings.app_table import APP
from app.core.settings.load_table import LOAD
from app.core.settings.problem import Problem, Reason
from app.core.settings.sampling_table import SAMPLER_STEPS, SAMPLING
from app.core.settings.setting import Apply, Choice, Kind, Setting, SettingError
from app.core.settings.table import Table

__all__ = [
    "APP",
    "LOAD",
    "SAMPLER_STEPS",
    "SAMPLING",
    "Apply",
    "Choice",
    "Kind",
    "Problem",
    "Reason",
    "Setting",
    "SettingError",
    "Table",
]
