from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.engine.text import TextStream


def pieces(raw: bytes, cuts: list[int]) -> list[bytes]:
    points = sorted({0, len(raw), *(cut % (len(raw) + 1) for cut in cuts)})
    return [raw[a:b] for a, b in pairwise(points)]


@given(st.text(), st.lists(st.integers(0, 1000)))
def test_any_split_of_utf8_gives_the_same_text(text: str, cuts: list[int]) -> None:
    text = text.encode("utf-8", "ignore").decode()
    stream = TextStream()
    said = "".join(stream.feed(piece) for piece in pieces(text.encode(), cuts)) + stream.finish()
    assert said == text


@given(st.binary(max_size=200), st.lists(st.integers(0, 1000)))
def test_invalid_bytes_never_raise(raw: bytes, cuts: list[int]) -> None:
    stream = TextStream(["ab"])
    said = "".join(stream.feed(piece) for piece in pieces(raw, cuts)) + stream.finish()
    expected = raw.decode("utf-8", "replace")
    assert said == (expected.split("ab")[0] if "ab" in expected else expected)


@given(
    st.text(alphabet="abc", max_size=60),
    st.lists(st.integers(0, 100)),
    st.lists(st.text("abc", min_size=1, max_size=4), max_size=3),
)
def test_stops_at_the_first_stop_string(text: str, cuts: list[int], stops: list[str]) -> None:
    stream = TextStream(stops)
    said = ""
    for piece in pieces(text.encode(), cuts):
        said += stream.feed(piece)
        if stream.stop_string:
            break
    said += stream.finish()
    # Which stop string is seen first depends on where pieces end; none may ever be in the text that is shown.
    if stream.stop_string:
        assert stream.stop_string in stops
        assert text.startswith(said + stream.stop_string)
    else:
        assert said == text
    assert not any(stop in said for stop in stops)


def test_a_possible_start_of_a_stop_string_is_held_back() -> None:
    stream = TextStream(["STOP"])
    assert stream.feed(b"go ST") == "go "
    assert stream.feed(b"AY") == "STAY"
    assert stream.feed(b" STO") == " "
    assert stream.feed(b"P more") == ""
    assert stream.stop_string == "STOP"
    assert stream.finish() == ""


def test_held_text_is_given_at_the_end() -> None:
    stream = TextStream(["STOP"])
    assert stream.feed(b"ST") == ""
    assert stream.finish() == "ST"


def test_a_character_in_pieces_waits_until_it_is_whole() -> None:
    stream = TextStream()
    assert [stream.feed(bytes([byte])) for byte in "€".encode()] == ["", "", "€"]
    assert stream.feed(b"\xe2\x82") == ""
    assert stream.finish() == "\N{REPLACEMENT CHARACTER}"
