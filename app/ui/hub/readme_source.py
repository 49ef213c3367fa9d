"""A model's README made fit for the Markdown view: front matter off, HTML as Markdown, addresses whole.

READMEs of the Hub are half HTML: centred titles, badges, tables of pictures. The Markdown view takes HTML for text, and
that is what keeps it safe; here tags become the Markdown that says the same, or go. Nothing in this file decides what
may be opened or fetched, so a README that tricks it shows odd text and does no more.

One pass from left to right, with regular expressions that look at each character a bounded number of times: a README
may be made to be slow.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urljoin

MAX_LENGTH = 80_000
"""Characters of a README that are shown; the longest of well-known models have some 60,000."""

_FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n.*?^---[ \t]*$\r?\n?", re.DOTALL | re.MULTILINE)
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_PIECE = re.compile(
    r"(?P<code>(?P<ticks>`{1,8})(?!`)[^`\n]{1,2000}(?P=ticks)(?!`))"
    r"|(?P<comment><!--)"
    r"|(?P<tag></?[A-Za-z][A-Za-z0-9-]{0,20}(?=[\s/>])[^<>]{0,4000}>)"
    r"|(?P<badge>\[!\[[^\[\]\n]{0,500}\]\([^()\n]{0,2000}\)[ \t]*\]\((?P<badge_to>[^()\s]{0,2000})[^()\n]{0,300}\))"
    r"|(?P<image>!\[(?P<alt>[^\[\]\n]{0,500})\]\((?P<source>[^()\s]{0,2000})[^()\n]{0,300}\))"
    r"|(?P<link>\]\((?P<to>[^()\s]{0,2000})(?=[)\s]))"
)
_BADGE_TEXT = re.compile(r"!\[([^\[\]\n]{0,500})\]")
_ATTRIBUTE = re.compile(
    r"""([A-Za-z-]{1,40})\s{0,8}=\s{0,8}("[^"]{0,4000}"|'[^']{0,4000}'|[^\s"'>]{1,4000})"""
)
_UNSEEN = ("script", "style", "head", "title", "svg", "template", "noscript", "iframe", "object")
_MARKS = {"b": "**", "strong": "**", "i": "*", "em": "*", "s": "~~", "del": "~~", "code": "`", "kbd": "`"}
_BLOCKS = frozenset(
    {
        "p",
        "div",
        "center",
        "section",
        "article",
        "header",
        "footer",
        "figure",
        "figcaption",
        "details",
        "main",
        "nav",
        "dl",
        "dt",
        "dd",
        "table",
        "thead",
        "tbody",
        "tfoot",
        "caption",
        "ul",
        "ol",
        "blockquote",
        "address",
        "form",
        "picture",
        "video",
        "audio",
    }
)
_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_SPACES = re.compile(r"[ \t]*\n[ \t]*")
_WHITE = re.compile(r"\s+")
_BLANK = re.compile(r"&(?:nbsp|emsp|ensp|thinsp);?")
_CALLOUT = re.compile(r"^(> ?)\[!([A-Za-z]{1,20})\][ \t]*$", re.MULTILINE)
_PIPES = re.compile(r"(?<!\\)\|")


def readme_markdown(text: str, base: str, image_word: str) -> tuple[str, bool]:
    """The Markdown to show for a README, and whether it was cut.

    `base` is the address that relative links start from, ending with a slash; `image_word` is said before the text of
    a picture, such as "image".
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _FRONT_MATTER.sub("", text, count=1) if len(text) < 10 * MAX_LENGTH else text
    is_cut = len(text) > MAX_LENGTH
    text = text[:MAX_LENGTH]
    parts: list[str] = []
    for is_code, part in _fenced(text):
        if not is_code:
            part = _CALLOUT.sub(lambda match: f"{match[1]}**{match[2].capitalize()}**  ", part)
            part = _Converter(base, image_word).convert(part)
        parts.append(part)
    return "".join(parts).strip("\n") + "\n", is_cut


def _fenced(text: str) -> list[tuple[bool, str]]:
    """The text in pieces: code blocks between fences, and what is around them."""
    pieces: list[tuple[bool, list[str]]] = [(False, [])]
    closing = ""
    for line in text.splitlines(keepends=True):
        match = _FENCE.match(line)
        if not closing and match:
            closing = match[1]
            pieces.append((True, [line]))
        elif closing and match and match[1].startswith(closing) and not line.strip().strip(closing[0]):
            pieces[-1][1].append(line)
            pieces.append((False, []))
            closing = ""
        else:
            pieces[-1][1].append(line)
    return [(is_code, "".join(lines)) for is_code, lines in pieces if lines]


@dataclass(slots=True)
class _Table:
    """An HTML table being read: its rows, each of cells."""

    rows: list[list[list[str]]] = field(default_factory=list[list[list[str]]])

    def markdown(self) -> str:
        rows = [[_cell(cell) for cell in row] for row in self.rows]
        rows = [row for row in rows if any(row)]
        if not rows:
            return ""
        width = max(len(row) for row in rows)
        if width == 1:
            return "\n\n" + "\n\n".join(row[0] for row in rows) + "\n\n"
        lines = [" | ".join(row + [""] * (width - len(row))) for row in rows]
        lines.insert(1, " | ".join(["---"] * width))
        return "\n\n" + "\n".join(f"| {line} |" for line in lines) + "\n\n"


def _cell(parts: list[str]) -> str:
    text = " ".join("".join(parts).split())
    return _PIPES.sub(r"\\|", text)


@dataclass(slots=True)
class _Converter:
    """One stretch of Markdown with HTML in it."""

    base: str
    image_word: str
    parts: list[str] = field(default_factory=list[str])
    links: list[str] = field(default_factory=list[str])
    lists: list[str] = field(default_factory=list[str])
    tables: list[_Table] = field(default_factory=list[_Table])
    marks: list[str] = field(default_factory=list[str])
    unclosed: set[str] = field(default_factory=set[str])  # elements of which no end follows
    is_at_start: bool = False  # of a line or a link, where white space says nothing
    depth: int = 0  # of HTML blocks: inside them indented lines are no code

    def convert(self, text: str) -> str:
        at = 0
        for _ in range(len(text) + 1):
            match = _PIECE.search(text, at)
            if match is None:
                break
            self._text(text[at : match.start()])
            at = match.end()
            if match["comment"]:
                end = text.find("-->", at)
                at = len(text) if end < 0 else end + 3
            elif match["tag"]:
                at = self._tag(match["tag"], text, at)
            else:
                self._markdown(match)
        self._text(text[at:])
        while self.tables:
            self._end_table()
        return "".join(self.parts)

    def _write(self, text: str) -> None:
        rows = self.tables[-1].rows if self.tables else []
        if rows and rows[-1]:
            rows[-1][-1].append(text)
        else:
            self.parts.append(text)

    def _text(self, text: str) -> None:
        if not text:
            return
        if self.tables and not (self.tables[-1].rows and self.tables[-1].rows[-1]):
            text = text.strip()
        elif self.links:
            text = _WHITE.sub(" ", text)
        elif self.depth > 0:
            text = _SPACES.sub("\n", text)
        if (
            self.is_at_start
        ):  # of a link or after a break: what the source is wrapped with is no space to show
            text = text.lstrip()
        self.is_at_start = self.is_at_start and not text
        self._write(_BLANK.sub(" ", text))

    def _markdown(self, match: re.Match[str]) -> None:
        if match["code"]:
            self._write(match["code"])
        elif match["badge"]:
            alt = _BADGE_TEXT.search(match["badge"])
            self._write(f"[{self._picture(alt[1] if alt else '')}]({self._address(match['badge_to'])})")
        elif match["image"]:
            self._write(f"[{self._picture(match['alt'])}]({self._address(match['source'])})")
        elif match["to"].startswith("#"):
            self._write("](")  # a place in this page: the view has none, and says so by not linking
        else:
            self._write(f"]({self._address(match['to'])}")

    def _picture(self, alt: str) -> str:
        alt = " ".join(alt.split())
        return f"{self.image_word}: {alt}" if alt else self.image_word

    def _address(self, address: str) -> str:
        if not address or "<" in address or address.startswith("data:"):
            return ""
        try:
            whole = urljoin(self.base, address)
        except ValueError:
            return ""
        return whole.replace("(", "%28").replace(")", "%29").replace(" ", "%20")

    # -- tags -----------------------------------------------------------------------------------------------

    def _tag(self, tag: str, text: str, at: int) -> int:
        """Writes what a tag stands for; returns where to go on."""
        is_end = tag.startswith("</")
        name = re.split(r"[\s/>]", tag[2 if is_end else 1 :], maxsplit=1)[0].lower()
        if name in _UNSEEN:
            return at if is_end else self._after(name, text, at)
        if name in _HEADINGS:
            self._write("\n\n" if is_end else f"\n\n{_HEADINGS[name]}")
        elif name in _MARKS:
            self._mark(_MARKS[name], is_end=is_end)
        elif name == "a":
            self._anchor(tag, is_end=is_end)
        elif name in ("tr", "td", "th", "table"):
            self._table(name, is_end=is_end)
        elif name in ("li", "ul", "ol"):
            self._list(name, is_end=is_end)
        elif name in _BLOCKS:
            self.depth = max(0, self.depth + (-1 if is_end else 1))
            self._write("\n\n")
        elif name == "pre":
            return at if is_end else self._preformatted(text, at)
        else:
            self._single(name, tag, is_end=is_end)
        return at

    def _single(self, name: str, tag: str, *, is_end: bool) -> None:
        if name == "br":
            self._write(" " if self.tables or self.links else "  \n")
            self.is_at_start = True
        elif name == "hr":
            self._write("\n\n---\n\n")
        elif name == "summary":
            self._write("" if is_end else "\n\n")
            self._mark("**", is_end=is_end)
            self._write("\n\n" if is_end else "")
        elif name == "img":
            values = _attributes(tag)
            self.is_at_start = False
            word = self._picture(values.get("alt", "").replace("[", "").replace("]", ""))
            source = self._address(values.get("src", ""))
            self._write(word if self.links else f"[{word}]({source})" if source else word)

    def _mark(self, mark: str, *, is_end: bool) -> None:
        if is_end and mark in self.marks:
            self.marks.remove(mark)
            self._write(mark)
        elif not is_end and mark not in self.marks:
            self.marks.append(mark)
            self._write(mark)

    def _anchor(self, tag: str, *, is_end: bool) -> None:
        if is_end:
            if self.links:
                target = self.links.pop()
                self._trim()
                self._write(f"]({target})" if target else "")
            self.is_at_start = False
            return
        if self.links:
            self._anchor("", is_end=True)
        target = _attributes(tag).get("href", "")
        target = "" if target.startswith("#") else self._address(target)
        self.links.append(target)
        self._write("[" if target else "")
        self.is_at_start = True

    def _trim(self) -> None:
        """Takes white space off the end of what was written last."""
        rows = self.tables[-1].rows if self.tables else []
        parts = rows[-1][-1] if rows and rows[-1] else self.parts
        if parts:
            parts[-1] = parts[-1].rstrip()

    def _table(self, name: str, *, is_end: bool) -> None:
        if name == "table":
            if not is_end:
                self.tables.append(_Table())
            elif self.tables:
                self._end_table()
        elif is_end or not self.tables:
            return
        elif name == "tr":
            self.tables[-1].rows.append([])
        else:
            if not self.tables[-1].rows:
                self.tables[-1].rows.append([])
            self.tables[-1].rows[-1].append([])

    def _end_table(self) -> None:
        made = self.tables.pop().markdown()
        self._write(made)

    def _list(self, name: str, *, is_end: bool) -> None:
        if self.tables:
            self._write(" " if is_end else " • " if name == "li" else "")
            return
        if name == "li":
            indent = "  " * max(0, len(self.lists) - 1)
            mark = "1. " if self.lists and self.lists[-1] == "ol" else "- "
            self._write("\n" if is_end else f"\n{indent}{mark}")
        elif is_end:
            if self.lists:
                self.lists.pop()
            self.depth = max(0, self.depth - 1)
            self._write("\n\n")
        else:
            self.lists.append(name)
            self.depth += 1
            self._write("\n")

    def _after(self, name: str, text: str, at: int) -> int:
        """Where the text goes on after an element of which nothing is shown."""
        if name in self.unclosed:
            return at
        close = re.compile(rf"</{name}\s{{0,8}}>", re.IGNORECASE).search(text, at)
        if close is None:
            self.unclosed.add(name)
        return close.end() if close else len(text) if name in ("script", "style") else at

    def _preformatted(self, text: str, at: int) -> int:
        end = text.find("</pre>", at)
        end = len(text) if end < 0 else end
        inner = unescape(re.sub(r"<[^<>]{0,500}>", "", text[at:end])).strip("\n")
        longest = max((len(run) for run in re.findall(r"`{3,}", inner)), default=2)
        fence = "`" * (longest + 1)
        self._write(f"\n\n{fence}\n{inner}\n{fence}\n\n")
        return end


def _attributes(tag: str) -> dict[str, str]:
    return {key.lower(): unescape(value.strip("\"'")) for key, value in _ATTRIBUTE.findall(tag[:4200])}
