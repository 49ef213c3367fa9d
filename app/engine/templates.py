"""Chat templates: messages -> the prompt text a model was trained on.

A template is a program that came with a file from somewhere: it runs in jinja2's sandbox, with a limit on its time,
on the memory it may take, on what it may repeat and on what it may write. Compiling runs parts of it already.
"""

from __future__ import annotations

import ctypes
import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from types import FrameType
from typing import Any, cast

from jinja2 import TemplateError
from jinja2.ext import loopcontrols
from jinja2.filters import do_center, do_indent
from jinja2.sandbox import ImmutableSandboxedEnvironment

from app.core.reasons import FailureKind
from app.engine.bindings import lib
from app.engine.errors import EngineError
from app.engine.memory import may_take

TIME_LIMIT_S = 2.0
MAX_REPEATED = 1_000_000
MAX_OUTPUT_CHARS = 64_000_000
MAX_MEMORY_BYTES = 768 * 1024 * 1024
MAX_TEMPLATE_CHARS = 1_000_000
FALLBACK = "chatml"
"""llama.cpp's own template of that name, for a file that brings none."""


_MEMORY = "it needs more memory than a template may take"


class _TooLongError(Exception):
    pass


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox, and a limit on what an operator may blow up."""

    intercepted_binops = frozenset(["*", "**", "+"])

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "**":
            raise _TooLongError("powers are not allowed in a template")
        if operator == "*" and not (isinstance(left, int | float) and isinstance(right, int | float)):
            text, count = (left, right) if isinstance(right, int) else (right, left)
            if isinstance(count, int) and count > MAX_REPEATED // max(1, _size(text)):
                raise _TooLongError("the template repeats a text too often")
        return super().call_binop(context, operator, left, right)

    def call(self, context: Any, callee: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(getattr(callee, "__self__", None), str | bytes):
            _refuse_wide(*args, *kwargs.values())
        return super().call(context, callee, *args, **kwargs)


def _refuse_wide(*values: Any) -> None:
    if any(isinstance(value, int) and value > MAX_REPEATED for value in values):
        raise _TooLongError("the template pads a text too far")


def _size(value: Any) -> int:
    return len(value) if hasattr(value, "__len__") else 1


def _raise(message: str) -> None:
    raise TemplateError(message)


def _to_json(value: Any, ensure_ascii: bool = False, indent: int | None = None, **_: Any) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent)


def _center(value: str, width: int = 80) -> str:
    _refuse_wide(width)
    return do_center(value, width)


def _indent(value: str, width: int | str = 4, first: bool = False, blank: bool = False) -> str:
    _refuse_wide(width)
    return do_indent(value, width, first, blank)


def _now(pattern: str) -> str:
    return datetime.now(UTC).astimezone().strftime(pattern)


def builtin_names() -> list[str]:
    """The names of the templates that llama.cpp brings itself."""
    count = lib.llama_chat_builtin_templates(None, 0)
    array = (ctypes.c_char_p * count)()
    lib.llama_chat_builtin_templates(array, count)
    return sorted((name or b"").decode() for name in array)


class ChatTemplate:
    """A model's way of writing a conversation.

    `source` is Jinja text, or the name of one of llama.cpp's built-in templates. `bos_token` and `eos_token` are the
    texts the template may insert.

    Raises:
        EngineError: (BAD_TEMPLATE) it does not compile.
    """

    def __init__(self, source: str, bos_token: str, eos_token: str) -> None:
        self.source = source
        self._names = {"bos_token": bos_token, "eos_token": eos_token}
        self._builtin = source.strip() if source.strip() in builtin_names() else ""
        if not self._builtin:
            self._template = self._compile(source)

    def _compile(self, source: str) -> Any:
        if len(source) > MAX_TEMPLATE_CHARS:
            raise _bad("it is longer than a million characters")
        environment = _Environment(
            trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols], optimized=False
        )
        known = cast("Any", environment)
        known.filters["tojson"] = _to_json
        known.filters.update(center=_center, indent=_indent)
        known.globals.pop("lipsum", None)  # writes as much nonsense as it is asked for
        known.globals.update(raise_exception=_raise, strftime_now=_now)
        try:
            with may_take(MAX_MEMORY_BYTES):  # jinja2 works out constant expressions while it compiles
                return environment.from_string(source)
        except MemoryError:
            raise _bad(_MEMORY) from None
        except (TemplateError, RecursionError, SyntaxError, _TooLongError) as error:
            raise _bad(str(error) or type(error).__name__) from None

    def render(
        self,
        messages: Sequence[dict[str, str]],
        *,
        continue_last: bool = False,
        options: dict[str, Any] | None = None,
    ) -> str:
        """The prompt for `messages` (role/content dicts), ending where the model's reply begins.

        With `continue_last` the last message is the beginning of that reply. `options` are further variables of the
        template, e.g. ``enable_thinking``.

        Raises:
            EngineError: (BAD_TEMPLATE) the template raises, loops, or writes without end.
        """
        earlier = messages[:-1] if continue_last else messages
        prefix = messages[-1]["content"] if continue_last else ""
        text = self._render_builtin(earlier) if self._builtin else self._render_jinja(earlier, options or {})
        return text + prefix

    def _render_builtin(self, messages: Sequence[dict[str, str]]) -> str:
        array = (lib.llama_chat_message * len(messages))()
        for index, message in enumerate(messages):
            array[index].role, array[index].content = message["role"].encode(), message["content"].encode()
        size = 2 * sum(len(message["content"].encode()) for message in messages) + 256 * (len(messages) + 1)
        while True:
            buffer = ctypes.create_string_buffer(size)
            length = lib.llama_chat_apply_template(
                self._builtin.encode(), array, len(messages), True, buffer, size
            )
            if length < 0:
                raise _bad(f"llama.cpp cannot apply its template {self._builtin}")
            if length <= size:
                return buffer.raw[:length].decode("utf-8", "replace")
            size = length

    def _render_jinja(self, messages: Sequence[dict[str, str]], options: dict[str, Any]) -> str:
        variables = {**self._names, **options, "messages": [dict(message) for message in messages]}
        try:
            with may_take(MAX_MEMORY_BYTES):
                return _limited(lambda: self._template.generate(add_generation_prompt=True, **variables))
        except _TooLongError as error:
            raise _bad(str(error)) from None
        except RecursionError:
            raise _bad("it calls itself without end") from None
        except MemoryError:
            raise _bad(_MEMORY) from None
        except Exception as error:  # a template may raise anything; none of it is ours
            raise _bad(f"{error}" or type(error).__name__) from None


def _limited(start: Callable[[], Iterable[str]]) -> str:
    """Join what `start()` yields, giving up after `TIME_LIMIT_S`, also inside a loop that yields nothing.

    A trace function sees every line that the compiled template executes, and only those: the one way to stop a
    Python loop from within its own thread.
    """
    deadline = time.monotonic() + TIME_LIMIT_S

    def on_line(_frame: FrameType, _event: str, _arg: Any) -> Any:
        if time.monotonic() > deadline:
            raise _TooLongError(f"the template ran for more than {TIME_LIMIT_S:g} s")
        return on_line

    def on_call(frame: FrameType, _event: str, _arg: Any) -> Any:
        return on_line if frame.f_code.co_filename == "<template>" else None

    pieces: list[str] = []
    n_chars = 0
    previous = sys.gettrace()
    sys.settrace(on_call)
    try:
        for piece in start():
            pieces.append(piece)
            n_chars += len(piece)
            if n_chars > MAX_OUTPUT_CHARS:
                raise _TooLongError("the template writes without end")
    finally:
        sys.settrace(previous)
    return "".join(pieces)


def _bad(why: str) -> EngineError:
    return EngineError(FailureKind.BAD_TEMPLATE, why, "chat_template")
