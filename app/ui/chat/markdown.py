"""Streamed Markdown: source text in, flat blocks out, each finished block parsed once.

CommonMark with tables and strikethrough. Raw HTML is text, images are not fetched, addresses are told apart by
what a click may do with them (`safe_text.openable`).

The parser reads line by line and never goes back to a block that a later one has closed. So when a new top-level
block (or a new item of a top-level list) has begun on a complete line, everything before it is final; only what
follows is parsed again at the next update. Three things need more than that:
* a table is only known by its second line: a new block counts as begun when two of its lines are complete;
* an open code fence takes lines as they are, so they are final one by one, and a long one costs nothing to go on;
* a link may be defined after its use: then the whole text is parsed once more at the end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from app.ui.chat.markdown_blocks import (
    Block,
    Flattener,
    Group,
    Kind,
    ListNumbering,
    Run,
    Runs,
    Style,
    code_blocks,
    code_line,
    language_of,
    runs_from,
)
from app.ui.chat.safe_text import LINE_BREAK, visible

if TYPE_CHECKING:
    from markdown_it.token import Token

MAX_INLINE_LENGTH = 20_000
"""A longer paragraph is shown without emphasis and links: inline parsing is not linear in every input."""

_FENCE_OPENING = re.compile(r"^ {0,3}(`{3,}(?=[^`]*$)|~{3,})[ \t]*(.*)$")


@dataclass(slots=True)
class InlineCache:
    """Runs by their source, good for as long as link definitions stay what they were."""

    runs: dict[str, Runs] = field(default_factory=dict[str, Runs])
    targets: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])


class MarkdownParser:
    """markdown-it behind the few things that are needed of it. One serves a whole transcript."""

    def __init__(self) -> None:
        from markdown_it import MarkdownIt

        self._engine = MarkdownIt("commonmark", {"html": False})
        self._engine.enable(["table", "strikethrough"])
        # Every address reaches us; what a click may open is decided by `openable`, in one place.
        self._engine.validateLink = lambda _url: True  # type: ignore[method-assign]

    def groups(
        self,
        text: str,
        references: dict[str, Any],
        numbering: ListNumbering | None,
        cache: InlineCache,
    ) -> list[Group]:
        """The top-level blocks of `text`. `references` gains the link definitions found in it; `cache` is left
        holding the paragraphs of this text."""
        tokens: list[Token] = []
        environment = {"references": references}
        self._engine.block.parse(text, self._engine, environment, tokens)
        targets = {label: (found["href"], found["title"]) for label, found in references.items()}
        known = cache.runs if targets == cache.targets else {}
        used: dict[str, Runs] = {}

        def inline(content: str) -> Runs:
            runs = used.get(content) or known.get(content)
            if runs is None:
                runs = self._inline(content, environment)
            used[content] = runs
            return runs

        groups = Flattener(inline, numbering).groups(tokens)
        cache.runs, cache.targets = used, targets
        return groups

    def _inline(self, content: str, environment: dict[str, Any]) -> Runs:
        if len(content) > MAX_INLINE_LENGTH:
            return (Run(content.replace("\n", LINE_BREAK)),)
        children: list[Token] = []
        self._engine.inline.parse(content, self._engine, environment, children)
        return runs_from(children)


@dataclass(slots=True)
class _Fence:
    """An open code fence at the top level."""

    marker: str
    indent: int
    language: str
    is_empty: bool = True

    def closes(self, line: str) -> bool:
        bare = line.lstrip(" ")
        return (
            len(line) - len(bare) < 4
            and bare.startswith(self.marker)
            and not bare.lstrip(self.marker[0]).strip(" \t")
        )

    def may_close(self, partial: str) -> bool:
        """Whether an unfinished line may yet become the closing one, so that it is not shown as code meanwhile."""
        bare = partial.lstrip(" ")
        return self.closes(partial) or (0 < len(bare) <= len(self.marker) and self.marker.startswith(bare))

    def block(self, line: str) -> Block:
        made = code_line(_without_indent(line, self.indent), self.language, starts=self.is_empty)
        self.is_empty = False
        return made


class MarkdownStream:
    """A text that grows. `blocks` shows all of it so far; the first `n_final` will not change any more."""

    def __init__(self, parser: MarkdownParser) -> None:
        self._parser = parser
        self.blocks: list[Block] = []
        self.n_final = 0
        self._source: list[str] = []  # needed once more where links are defined after their use
        self._new: list[str] = []
        self._tail = ""
        self._held = ""  # a carriage return whose line feed may be in the next piece
        self._fence: _Fence | None = None
        self._numbering: ListNumbering | None = None
        self._references: dict[str, Any] = {}
        self._cache = InlineCache()
        self._has_bracket = False
        self._is_late = False

    def feed(self, text: str) -> None:
        """Take more source text; `update` shows it."""
        text = self._held + text
        self._held = "\r" if text.endswith("\r") else ""
        text = text.removesuffix("\r").replace("\r\n", "\n").replace("\r", "\n")
        text = visible(text)
        self._new.append(text)
        self._source.append(text)

    def update(self) -> int:
        """Parse what is new; returns how many blocks at the start are surely what they were before."""
        return self._update(is_last=False)

    def finish(self) -> int:
        """As `update`, knowing that nothing follows."""
        if self._held:
            self._held = ""
            self._new.append("\n")
            self._source.append("\n")
        n_kept = self._update(is_last=True)
        if not self._is_late:
            return n_kept
        self._is_late = False
        self._tail, self._fence, self._numbering = "".join(self._source), None, None
        self.n_final = 0
        self._update(is_last=True)
        return 0

    def _update(self, *, is_last: bool) -> int:
        n_kept = self.n_final
        del self.blocks[n_kept:]
        if self._new:
            self._tail += "".join(self._new)
            self._new.clear()
        while self._take_fence(is_last) if self._fence else self._take_blocks(is_last):
            pass
        return n_kept

    def _commit(self, blocks: list[Block]) -> None:
        self.blocks += blocks
        self.n_final = len(self.blocks)

    # -- blocks ---------------------------------------------------------------------------------------------

    def _take_blocks(self, is_last: bool) -> bool:
        """Parses the tail and commits what is final of it; True if a fence has opened, whose lines come next."""
        text = self._tail
        references = dict(self._references)
        groups = self._parser.groups(text, references, self._numbering, self._cache)
        if not groups:
            return self._end_of_text(references) if is_last else False
        n_complete = text.count("\n")
        last = groups[-1]
        opens = not is_last and last.fence is not None and _has_begun(last, n_complete)
        cut = len(groups) if is_last else len(groups) - 1 if opens else _cut(groups, n_complete)
        if is_last:
            self._commit([block for group in groups for block in group.blocks])
            return self._end_of_text(references)
        if cut or opens:
            self._commit_groups(groups, cut, references)
        if opens:
            self._open_fence()
            return True
        for group in groups[cut:]:
            self.blocks += group.blocks
        return False

    def _end_of_text(self, references: dict[str, Any]) -> bool:
        self._note_references(references)
        self._tail = ""
        return False

    def _commit_groups(self, groups: list[Group], cut: int, references: dict[str, Any]) -> None:
        """The first `cut` groups are final, and so is the source before the next one."""
        line = groups[cut].start_line
        at = 0
        for _ in range(line):
            at = self._tail.index("\n", at) + 1
        done, self._tail = self._tail[:at], self._tail[at:]
        if any(
            found["map"][0] >= line for label, found in references.items() if label not in self._references
        ):
            # Shown with definitions that may be unfinished: what is final is made without them.
            references = dict(self._references)
            final = self._parser.groups(done, references, self._numbering, InlineCache())
        else:
            final = groups[:cut]
        self._commit([block for group in final for block in group.blocks])
        self._numbering = groups[cut].numbering
        self._note_references(references)
        self._has_bracket = self._has_bracket or "[" in done

    def _note_references(self, references: dict[str, Any]) -> None:
        if len(references) > len(self._references):
            self._is_late = self._is_late or self._has_bracket
            self._references = references

    # -- an open fence --------------------------------------------------------------------------------------

    def _open_fence(self) -> None:
        line, _, self._tail = self._tail.partition("\n")
        match = _FENCE_OPENING.match(line)
        assert match is not None, line
        self._fence = _Fence(match[1], len(line) - len(line.lstrip(" ")), language_of(match[2]))
        self._numbering = None

    def _take_fence(self, is_last: bool) -> bool:
        """Commits the complete lines of an open fence; True if it was closed, and the rest is to be parsed."""
        fence = self._fence
        assert fence is not None
        *lines, partial = self._tail.split("\n")
        if is_last:
            lines += [partial] if partial.strip(" \t") else []
            partial = ""
        for index, line in enumerate(lines):
            if fence.closes(line):
                self._commit([fence.block("")] if fence.is_empty else [])
                self._tail = "\n".join([*lines[index + 1 :], partial]) if index + 1 < len(lines) else partial
                self._fence = None
                return bool(self._tail)
            self._commit([fence.block(line)])
        self._tail = partial
        if is_last and fence.is_empty:
            self._commit([fence.block("")])
        elif fence.is_empty or (partial and not fence.may_close(partial)):
            shown = "" if fence.may_close(partial) else partial
            self.blocks.append(
                code_line(_without_indent(shown, fence.indent), fence.language, starts=fence.is_empty)
            )
        return False


class PlainStream:
    """The same for text that is shown as it was written: what a person typed. Only code fences are recognised."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.n_final = 0
        self._text = ""

    def feed(self, text: str) -> None:
        """Take more text."""
        self._text += text

    def update(self) -> int:
        """All of it is read again: people type little."""
        self.blocks = plain_blocks(visible(self._text.replace("\r\n", "\n").replace("\r", "\n")))
        return 0

    def finish(self) -> int:
        """As `update`."""
        return self.update()


def plain_blocks(text: str) -> list[Block]:
    """The lines of `text` as they are, with closed code fences as code blocks."""
    lines = text.split("\n")
    blocks: list[Block] = []
    paragraph: list[str] = []
    index = 0
    while index < len(lines):
        end = _closing_line(lines, index)
        if end is None:
            paragraph.append(lines[index])
            index += 1
            continue
        blocks += _plain_paragraph(paragraph)
        paragraph = []
        match = _FENCE_OPENING.match(lines[index])
        assert match is not None
        blocks += code_blocks("\n".join(lines[index + 1 : end]), language_of(match[2]))
        index = end + 1
    return blocks + _plain_paragraph(paragraph)


def _plain_paragraph(lines: list[str]) -> list[Block]:
    text = "\n".join(lines).strip("\n")
    return [Block(Kind.PARAGRAPH, (Run(text.replace("\n", LINE_BREAK), Style.PLAIN),))] if text else []


def _closing_line(lines: list[str], index: int) -> int | None:
    """The index of the line that closes the fence opened at `index`, None if none is opened there or closed."""
    match = _FENCE_OPENING.match(lines[index])
    if match is None:
        return None
    fence = _Fence(match[1], 0, "")
    return next((at for at in range(index + 1, len(lines)) if fence.closes(lines[at])), None)


def _has_begun(fence: Group, n_complete: int) -> bool:
    """A fence is known by its first line, unless that line may be a table's head."""
    assert fence.fence is not None
    return fence.start_line + (2 if "|" in fence.fence.info else 1) <= n_complete


def _cut(groups: list[Group], n_complete: int) -> int:
    """How many groups at the start are final: those before the last one that has begun for sure."""
    for index in range(len(groups) - 1, 0, -1):
        if groups[index].start_line + 2 <= n_complete:
            return index
    return 0


def _without_indent(line: str, indent: int) -> str:
    """`line` without its first `indent` columns of white space; a tab reaches to the next multiple of four."""
    column = index = 0
    while column < indent and index < len(line) and line[index] in " \t":
        column += 4 - column % 4 if line[index] == "\t" else 1
        index += 1
    return " " * max(0, column - indent) + line[index:]
