"""What a person may write for a remote worker."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.endpoint import Endpoint, EndpointError, EndpointFault, is_loopback, parse_endpoint


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("gpu-box", "gpu-box", 50052),
        (" GPU-Box.local:1234 ", "gpu-box.local", 1234),
        ("10.0.0.7", "10.0.0.7", 50052),
        ("10.0.0.7:65535", "10.0.0.7", 65535),
        ("localhost:1", "localhost", 1),
        ("my_box.lan.", "my_box.lan.", 50052),
    ],
)
def test_host_and_port(text: str, host: str, port: int) -> None:
    endpoint = parse_endpoint(text)
    assert (endpoint.host, endpoint.port) == (host, port)
    assert parse_endpoint(str(endpoint)) == endpoint


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", EndpointFault.EMPTY),
        (" ", EndpointFault.EMPTY),
        (":50052", EndpointFault.EMPTY),
        ("box:", EndpointFault.BAD_PORT),
        ("box:0", EndpointFault.BAD_PORT),
        ("box:65536", EndpointFault.BAD_PORT),
        ("box:-1", EndpointFault.BAD_PORT),
        ("box:http", EndpointFault.BAD_PORT),
        ("box:\u0661\u0662", EndpointFault.BAD_PORT),
        ("http://box:50052", EndpointFault.BAD_HOST),
        ("a b:1", EndpointFault.BAD_HOST),
        ("10.0.0.256", EndpointFault.BAD_HOST),
        ("10.0.0", EndpointFault.BAD_HOST),
        ("-box", EndpointFault.BAD_HOST),
        ("a..b", EndpointFault.BAD_HOST),
        ("b\u00f6x", EndpointFault.BAD_HOST),
        ("[::1]:50052", EndpointFault.IPV6),
        ("[fe80::1%eth0]", EndpointFault.IPV6),
        ("::1", EndpointFault.IPV6),
        ("a:b:c", EndpointFault.BAD_HOST),
        ("[box]:1", EndpointFault.BAD_HOST),
    ],
)
def test_what_is_none(text: str, fault: EndpointFault) -> None:
    with pytest.raises(EndpointError) as caught:
        parse_endpoint(text)
    assert caught.value.fault is fault


@given(st.text(max_size=40))
def test_any_text_is_an_endpoint_or_refused(text: str) -> None:
    try:
        endpoint = parse_endpoint(text)
    except EndpointError as error:
        assert error.fault in EndpointFault  # noqa: PT017
        return
    # llama.cpp cuts at the first colon and ends the process where a number does not follow.
    host, _, port = str(endpoint).partition(":")
    assert (host, int(port)) == (endpoint.host, endpoint.port)
    assert parse_endpoint(str(endpoint)) == Endpoint(endpoint.host, endpoint.port)


def test_loopback() -> None:
    assert is_loopback("127.0.0.1")
    assert is_loopback("127.8.9.1")
    assert not is_loopback("0.0.0.0")
    assert not is_loopback("10.0.0.1")
    assert not is_loopback("localhost")
