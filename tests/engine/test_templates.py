from __future__ import annotations

import contextlib
import time

import pytest

from app.core.reasons import FailureKind
from app.engine.errors import EngineError
from app.engine.templates import TIME_LIMIT_S, ChatTemplate, builtin_names
from tests.tiny_models import CHATML

MESSAGES = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi <b>&amp;</b>"}]


def render(source: str, **options: object) -> str:
    return ChatTemplate(source, "<s>", "</s>").render(MESSAGES, options=options)


def refused(source: str) -> EngineError:
    with pytest.raises(EngineError) as caught:
        render(source)
    assert caught.value.fault is FailureKind.BAD_TEMPLATE
    return caught.value


def test_chatml() -> None:
    text = render(CHATML)
    assert text.endswith("<|im_start|>assistant\n")
    assert "Hi <b>&amp;</b><|im_end|>" in text


def test_builtin_by_name_equals_the_jinja_of_the_same_format() -> None:
    assert "chatml" in builtin_names()
    assert render("chatml") == (
        "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nHi <b>&amp;</b><|im_end|>\n<|im_start|>assistant\n"
    )


def test_a_long_conversation_through_a_builtin() -> None:
    messages = [{"role": "user", "content": "ä" * 5000}] * 20
    assert ChatTemplate("chatml", "", "").render(messages).count("ä") == 100_000


def test_variables_and_functions_that_model_files_use() -> None:
    text = render(
        "{{ bos_token }}{{ messages | tojson }}{{ strftime_now('%Y') | length }}{% if enable_thinking %}T{% endif %}",
        enable_thinking=True,
    )
    assert text.startswith('<s>[{"role": "system", "content": "Be kind."}')
    assert text.endswith("4T")


def test_continuing_appends_the_beginning_of_the_reply() -> None:
    messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Well, I"}]
    text = ChatTemplate(CHATML, "<s>", "</s>").render(messages, continue_last=True)
    assert text.endswith("<|im_start|>assistant\nWell, I")


def test_a_template_may_raise() -> None:
    assert "roles must alternate" in refused("{{ raise_exception('roles must alternate') }}").message


@pytest.mark.parametrize(
    "source",
    [
        "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% for m in messages %}",
        "{{ missing.attribute.deeper }}",
        "{{ 'x' * 1000000000 }}",
        "{{ [0] * 1000000000 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ range(1000000000) | list }}",
        "x" * 1_000_001,
    ],
    ids=["loops", "recursion", "syntax", "undefined", "text bomb", "list bomb", "power", "range", "size"],
)
def test_bad_templates_are_refused_in_time(source: str) -> None:
    began = time.monotonic()
    refused(source)
    assert time.monotonic() - began < TIME_LIMIT_S + 3


@pytest.mark.parametrize(
    "source",
    [
        "{{ 'x' | center(10000000000) }}",
        "{{ 'x\\ny' | indent(9999999999) }}",
        "{{ messages[1].role.ljust(10000000000) }}",
        "{{ '{:>9999999999}'.format(1) }}",
        "{{ '%9999999999d' % 1 }}",
        "{% set wide = messages[0].content | center(1000000) %}{{ wide.replace('', wide) | length }}",
    ],
    ids=["constant centre", "constant indent", "padding", "format", "percent", "replace"],
)
def test_a_template_takes_no_more_memory_than_it_may(source: str) -> None:
    import resource

    began = time.monotonic()
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused(source)
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib
    assert grown_kib < 1024 * 1024
    assert time.monotonic() - began < TIME_LIMIT_S + 3
    assert resource.getrlimit(resource.RLIMIT_DATA)[0] == resource.RLIM_INFINITY


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.append({'role': 'x'}) }}",
        "{{ self.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ raise_exception.__globals__ }}",
        "{{ strftime_now.__globals__['sys'] }}",
        "{% include '/etc/passwd' %}",
    ],
)
def test_the_sandbox_holds(source: str) -> None:
    with contextlib.suppress(EngineError):
        assert render(source) == ""


def test_the_tracing_of_whoever_called_is_put_back() -> None:
    import sys

    def tracer(*_: object) -> None:
        return None

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        render(CHATML)
        assert sys.gettrace() is tracer
    finally:
        sys.settrace(before)
