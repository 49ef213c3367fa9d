"""Settings: one row each, the tables they form, and what follows from them. Pure Python, quick to import."""

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
