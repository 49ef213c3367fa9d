"""What people paste into the search field."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.hub_address import Address, is_repo_id, parse_address, parse_owner

HUB = "https://huggingface.co"
MIRROR = "http://127.0.0.1:8080/hub"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("owner/name", Address("owner/name")),
        (" owner/Some_Model-7B.v2 \n", Address("owner/Some_Model-7B.v2")),
        ("owner/name:Q4_K_M", Address("owner/name", quantisation="Q4_K_M")),
        ("owner/name@refs", Address("owner/name", "refs")),
        ("owner/name/sub/a-Q8_0.gguf", Address("owner/name", path="sub/a-Q8_0.gguf")),
        ("https://huggingface.co/owner/name", Address("owner/name")),
        ("<https://huggingface.co/owner/name/?library=llama.cpp#usage>", Address("owner/name")),
        ("huggingface.co/owner/name", Address("owner/name")),
        ("https://hf.co/owner/name:Q8_0", Address("owner/name", quantisation="Q8_0")),
        ("https://huggingface.co/owner/name/tree/v1.0/folder", Address("owner/name", "v1.0")),
        (
            "https://huggingface.co/owner/name/blob/main/sub/a%20b.gguf",
            Address("owner/name", path="sub/a b.gguf"),
        ),
        (
            "https://huggingface.co/owner/name/resolve/refs%2Fpr%2F1/a.gguf?download=true",
            Address("owner/name", "refs/pr/1", "a.gguf"),
        ),
        ("https://huggingface.co/owner/name/tree/refs/pr/12", Address("owner/name", "refs/pr/12")),
        ("https://huggingface.co/owner/name/discussions/3", Address("owner/name")),
        ("https://huggingface.co/owner/name/resolve/main/../../../etc/passwd", Address("owner/name")),
        ("http://127.0.0.1:8080/hub/owner/name", Address("owner/name")),
        ("hf://owner/name@abc/a.gguf", Address("owner/name", "abc", "a.gguf")),
        ("hf download owner/name", Address("owner/name")),
        (
            "hf download owner/name a.gguf --revision v2 --local-dir .",
            Address("owner/name", "v2", "a.gguf"),
        ),
        (
            "huggingface-cli download owner/name --include '*Q4_K_M*' --local-dir=x",
            Address("owner/name"),
        ),
        (
            "llama-server -hf owner/name:Q4_K_M --jinja -c 0",
            Address("owner/name", quantisation="Q4_K_M"),
        ),
        ("ollama run hf.co/owner/name:Q4_K_M", Address("owner/name", quantisation="Q4_K_M")),
    ],
)
def test_a_model(text: str, address: Address) -> None:
    assert parse_address(text, MIRROR) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "qwen",
        "qwen 8b instruct",
        "a/b/c",
        "https://example.com/owner/name",
        "https://huggingface.co.example.com/owner/name",
        "http://127.0.0.1:8081/hub/owner/name",
        "http://127.0.0.1:8080/hubcap/owner/name",
        "https://huggingface.co/datasets/owner/name",
        "https://huggingface.co/spaces/owner/name",
        "https://huggingface.co/owner",
        "ftp://huggingface.co/owner/name",
        "https://[huggingface.co/owner/name",
        "own--er/name",
        "owner/na..me",
        "../name",
        "owner/.name",
        "öwner/name",
        "owner/" + "n" * 97,
        "owner/name:",
        "owner/name:a b",
        "hf download",
        "hf download 'owner/name",
        "llama-server -m a.gguf",
        "ollama run qwen3",
        "owner/name\x00",
        "x" * 5000,
    ],
)
def test_something_to_search_for(text: str) -> None:
    found = parse_address(text, MIRROR)
    assert found is None or (text == "owner/name:" and found == Address("owner/name"))


def test_an_account() -> None:
    assert parse_owner("https://huggingface.co/some-org/", HUB) == "some-org"
    assert parse_owner("hf.co/some-org", HUB) == "some-org"
    assert parse_owner("https://huggingface.co/models", HUB) == ""
    assert parse_owner("https://huggingface.co/owner/name", HUB) == ""
    assert parse_owner("some-org", HUB) == ""
    assert parse_owner("https://example.com/some-org", HUB) == ""


@given(
    st.text(max_size=60) | st.text("ab/:@.-_ %\\\"'?#[]hfco", max_size=40).map(lambda t: f"https://hf.co/{t}")
)
def test_whatever_is_typed(text: str) -> None:
    found = parse_address(text, HUB)
    if found is not None:
        assert is_repo_id(found.repo_id)
        assert ".." not in found.path.split("/")
        assert not found.path.startswith("/")
    parse_owner(text, HUB)
