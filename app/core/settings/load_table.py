"""The load settings: everything that is decided when a model is loaded."""

from __future__ import annotations

from app.core.settings.load_compute import COMPUTE_ROWS
from app.core.settings.load_context import CONTEXT_ROWS
from app.core.settings.load_draft import DRAFT_ROWS
from app.core.settings.load_model import LOADING_ROWS, MODEL_ROWS
from app.core.settings.load_offload import OFFLOAD_ROWS
from app.core.settings.load_reuse import REUSE_ROWS
from app.core.settings.load_rope import ROPE_ROWS
from app.core.settings.table import Table

LOAD = Table(
    "load",
    CONTEXT_ROWS,
    OFFLOAD_ROWS,
    COMPUTE_ROWS,
    LOADING_ROWS,
    MODEL_ROWS,
    ROPE_ROWS,
    REUSE_ROWS,
    DRAFT_ROWS,
)
