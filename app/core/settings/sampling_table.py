"""The sampling settings: all that is decided anew for each reply. Keys and defaults are llama-server's."""

from __future__ import annotations

from app.core.settings.sampling_repetition import REPETITION_ROWS
from app.core.settings.sampling_shape import CUTOFF_ROWS, TARGET_ROWS, TEMPERATURE_ROWS
from app.core.settings.setting import Apply, Choice, Kind, Setting
from app.core.settings.table import Table

SAMPLER_STEPS = (
    Choice("penalties", "Penalties"),
    Choice("dry", "DRY"),
    Choice("top_n_sigma", "Top-nσ"),
    Choice("top_k", "Top-K"),
    Choice("typ_p", "Typical-P"),
    Choice("top_p", "Top-P"),
    Choice("min_p", "Min-P"),
    Choice("xtc", "XTC"),
    Choice("temperature", "Temperature"),
)
"""The steps of the chain, in llama.cpp's default order and under its names (common/sampling.cpp)."""

_LENGTH_ROWS = (
    Setting(
        key="max_tokens",
        target="request.max_tokens",
        kind=Kind.INT,
        default=-1,
        minimum=-1,
        maximum=2_147_483_647,
        slider=(64, 16_384),
        step=64,
        log=True,
        unit="tokens",
        named=((-1, "no limit"),),
        apply=Apply.REPLY,
        group="Length and end",
        title="Longest reply",
        summary="The reply is cut off after this many tokens.",
        help="Without a limit the model ends by itself, or at the latest when the reply is as long as the whole "
        "context. 0 only reads the prompt. A token is about three "
        "quarters of an English word. Thinking counts too: a low limit can end a reply before its answer "
        "begins.",
        cli_flag="--predict",
    ),
    Setting(
        key="stop",
        target="request.stop",
        kind=Kind.STRINGS,
        default=[],
        apply=Apply.REPLY,
        group="Length and end",
        title="Stop strings",
        summary="The reply ends as soon as one of these texts appears, and the text itself is left out.",
        help="For raw prompts and for models that run on into the next turn. Matched across token borders "
        "and case-sensitive.",
        cli_flag="--reverse-prompt",
    ),
    Setting(
        key="ignore_eos",
        target="request.ignore_eos",
        kind=Kind.BOOL,
        default=False,
        apply=Apply.REPLY,
        advanced=True,
        group="Length and end",
        title="Ignore end of text",
        summary="Forbids the model's end-of-text tokens, so that it goes on until another limit ends it.",
        help="For measuring speed over a fixed number of tokens. A reply that cannot end soon turns to "
        "nonsense: set a limit as well.",
        cli_flag="--ignore-eos",
    ),
)

_STRUCTURE_ROWS = (
    Setting(
        key="json_schema",
        target="sampler.json_schema",
        kind=Kind.LONG_TEXT,
        default=None,
        optional=True,
        none_title="off",
        apply=Apply.REPLY,
        group="Structured output",
        title="JSON schema",
        summary="The reply must be JSON that follows this schema.",
        help='A JSON schema, such as {"type": "object"} for any object; it is turned into a grammar. The '
        "form is guaranteed, the contents are not: ask for the same structure in the prompt too. A reply "
        "that hits a length limit is cut off in the middle. Not together with a grammar.",
        cli_flag="--json-schema",
    ),
    Setting(
        key="grammar",
        target="sampler.grammar",
        kind=Kind.LONG_TEXT,
        default=None,
        optional=True,
        none_title="off",
        apply=Apply.REPLY,
        advanced=True,
        group="Structured output",
        title="Grammar",
        summary="The reply must follow this GBNF grammar.",
        help="llama.cpp's own notation; its start rule is called root. Whatever the grammar does not allow "
        "cannot be generated, thinking included, and large grammars slow down every token.",
        cli_flag="--grammar",
    ),
    Setting(
        key="logit_bias",
        target="sampler.logit_bias",
        kind=Kind.TOKEN_BIAS,
        default=[],
        minimum=-1000,
        maximum=1000,
        apply=Apply.REPLY,
        advanced=True,
        group="Structured output",
        title="Logit bias",
        summary="Adds a fixed amount to the score of chosen tokens.",
        help="Each line is a token, by its number or its text, and an amount: -100 practically forbids it, "
        "100 forces it, a few points make it a little more or less likely. A text of several tokens gets "
        "the amount on each of them, as with llama-server.",
        cli_flag="--logit-bias",
    ),
    Setting(
        key="samplers",
        target="sampler.samplers",
        kind=Kind.ORDER,
        default=[step.value for step in SAMPLER_STEPS],
        choices=SAMPLER_STEPS,
        apply=Apply.REPLY,
        enabled_when=("mirostat", ("0",)),
        advanced=True,
        group="Order",
        title="Sampler order",
        summary="The order in which the steps above are applied; a step that is left out does nothing.",
        help="Cut-offs before the temperature judge the model's own probabilities, after it the flattened "
        "ones, so moving the temperature to the front makes Top-P and Min-P looser at high temperatures. "
        "Penalties belong before the cut-offs. Top-K early makes all later steps faster.",
        cli_flag="--samplers",
    ),
)

SAMPLING = Table(
    "sampling", TEMPERATURE_ROWS, CUTOFF_ROWS, REPETITION_ROWS, _LENGTH_ROWS, _STRUCTURE_ROWS, TARGET_ROWS
)
