"""Phrasings: the templates into which settings' and notions' names are put, and how people mistype them.

`{n}` is a name. Templates marked as held out, every seventh of a list, are never trained on.
"""

from __future__ import annotations

import random
import re
from functools import cache

WHAT = (
    "What does {n} do?",
    "what is {n}",
    "What is {n}?",
    "what's {n}?",
    "whats {n}",
    "{n}",
    "{n}?",
    "Explain {n}.",
    "explain {n} to me",
    "can you explain {n}?",
    "What is {n} for?",
    "what is the {n} setting",
    "what does the {n} setting do?",
    "What does the setting {n} mean?",
    "what is meant by {n}?",
    "tell me about {n}",
    "Tell me what {n} does.",
    "what does {n} mean",
    "meaning of {n}",
    "how does {n} work?",
    "describe {n}",
    "what is {n} good for?",
    "I don't understand {n}.",
    "i do not get {n}, help",
    "help with {n}",
    "what's the purpose of {n}?",
    "why is there a {n} setting?",
    "What do I need {n} for?",
    "what does {n} control?",
    "what does changing {n} do?",
    "what happens with {n}?",
    "{n}: what is it?",
    "{n}, what does it do",
    "info on {n}",
    "what exactly is {n}?",
    "could you tell me what {n} is?",
    "I see {n} in the settings. What is it?",
    "what is this {n} thing",
    "give me a short explanation of {n}",
    "what role does {n} play?",
    "how would you explain {n} to a beginner?",
    "what am I setting with {n}?",
    "define {n}",
    "teach me {n}",
    "What does {n} change?",
    "what's {n} about?",
    "please explain the option {n}",
    "whats the point of {n}",
    "what's the use of {n}?",
    "in short, what is {n}?",
    "can you describe what {n} does",
    "Is {n} important? What does it do?",
    "new here, what is {n}?",
)
EFFECT = (
    "What is the effect of {n}?",
    "what does {n} bring me?",
    "what do I gain from {n}?",
    "what's the benefit of {n}?",
    "why would I use {n}?",
    "advantages of {n}",
    "what is {n} good for in practice?",
    "what does {n} improve?",
    "how does {n} help?",
    "does {n} help?",
    "does {n} make it faster?",
    "what do i get out of {n}",
    "what good does {n} do?",
    "does {n} make a difference?",
    "what are the pros of {n}?",
    "why should I care about {n}?",
    "what effect has {n}",
    "how does {n} affect my model?",
    "what's the upside of {n}?",
    "what's the gain with {n}?",
    "what would {n} do for me?",
    "is {n} useful?",
    "what influence does {n} have?",
    "what does {n} buy me?",
    "benefits of {n}?",
    "what is the advantage when I use {n}?",
    "does {n} matter for speed?",
    "what do people use {n} for?",
)
COST = (
    "What does {n} cost?",
    "what is the cost of {n}?",
    "what's the downside of {n}?",
    "what are the drawbacks of {n}?",
    "disadvantages of {n}",
    "does {n} need memory?",
    "how much memory does {n} take?",
    "what is the price of {n}?",
    "does {n} slow things down?",
    "is {n} slow?",
    "what's the catch with {n}?",
    "any risk with {n}?",
    "is {n} dangerous?",
    "can {n} cause trouble?",
    "what do I lose with {n}?",
    "what do i pay for {n}",
    "does {n} use more ram?",
    "does {n} use more vram?",
    "cons of {n}",
    "what are the trade-offs of {n}?",
    "what can go wrong with {n}?",
    "does {n} hurt quality?",
    "is {n} expensive?",
    "are there side effects of {n}?",
    "what is bad about {n}?",
    "what are the limits of {n}?",
    "why not use {n}?",
    "what should I be careful about with {n}?",
    "is there a penalty for {n}?",
    "what does {n} take in return?",
    "does {n} come with a cost?",
    "how expensive is {n}",
    "negative effects of {n}",
    "does {n} make it slower?",
    "what's the trade off with {n}",
)
RAISE = (
    "What happens if I raise {n}?",
    "what if I increase {n}?",
    "what happens when {n} is higher?",
    "what does a larger {n} do?",
    "should I raise {n}?",
    "higher {n}?",
    "a bigger {n}, what then?",
    "effect of a high {n}",
    "what does raising {n} change?",
    "what happens with a very high {n}?",
    "is more {n} better?",
    "turn {n} up?",
    "what if I double {n}?",
    "increasing {n}",
    "what if {n} is too high?",
    "is a larger {n} better?",
    "what would a higher {n} do?",
    "can I set {n} higher?",
    "what if I turn up {n}?",
    "what does it mean when {n} is large?",
    "what changes if i put {n} up",
    "setting {n} to a big number",
    "what is the result of more {n}?",
    "what do I get by increasing {n}?",
    "raise {n}",
)
LOWER = (
    "What happens if I lower {n}?",
    "what if I decrease {n}?",
    "what happens when {n} is lower?",
    "what does a smaller {n} do?",
    "should I lower {n}?",
    "lower {n}?",
    "a smaller {n}, what then?",
    "effect of a low {n}",
    "what does lowering {n} change?",
    "what happens with a very low {n}?",
    "is less {n} better?",
    "turn {n} down?",
    "what if I halve {n}?",
    "reducing {n}",
    "what if {n} is too low?",
    "is a smaller {n} better?",
    "what would a lower {n} do?",
    "can I set {n} lower?",
    "what if I turn down {n}?",
    "what does it mean when {n} is small?",
    "what changes if i put {n} down",
    "setting {n} to a small number",
    "what is the result of less {n}?",
    "what do I get by reducing {n}?",
    "decrease {n}",
    "what happens if {n} is zero?",
)
ON = (
    "What happens if I turn on {n}?",
    "what if I switch {n} on?",
    "what does enabling {n} do?",
    "enable {n}?",
    "turn on {n}",
    "what happens when {n} is on?",
    "what changes with {n} on?",
    "what if I activate {n}?",
    "what if {n} is enabled?",
    "what do I get when I tick {n}?",
    "{n} on?",
    "what happens with {n} turned on?",
    "effect of enabling {n}",
    "switching {n} on",
    "what if I check the {n} box?",
    "what would turning on {n} change?",
    "{n} = on, what then?",
    "i want to enable {n}, what happens",
)
OFF = (
    "What happens if I turn off {n}?",
    "what if I switch {n} off?",
    "what does disabling {n} do?",
    "disable {n}?",
    "turn off {n}",
    "what happens when {n} is off?",
    "what changes with {n} off?",
    "what if I deactivate {n}?",
    "what if {n} is disabled?",
    "what do I get when I untick {n}?",
    "{n} off?",
    "what happens with {n} turned off?",
    "effect of disabling {n}",
    "switching {n} off",
    "what if I uncheck the {n} box?",
    "what would turning off {n} change?",
    "what happens without {n}?",
    "no {n}, what then?",
)
SET = (
    "What happens if I set {n}?",
    "what if I use {n}?",
    "what happens when I fill in {n}?",
    "what if I change {n}?",
    "what does setting {n} do?",
    "what happens when {n} is set?",
    "what changes when I give {n} a value?",
    "use {n}?",
    "what if I choose something in {n}?",
    "what happens if I put something into {n}?",
    "effect of setting {n}",
    "what if i enter a {n}",
    "I want to set {n}, what happens?",
    "what will happen if I turn on {n}?",
    "choosing another {n}",
    "what if {n} is not the default?",
)
UNSET = (
    "What happens if I leave {n} empty?",
    "what if I do not set {n}?",
    "what happens when {n} is not set?",
    "what if I leave {n} alone?",
    "what happens without {n}?",
    "what if {n} stays at its default?",
    "leaving {n} empty",
    "what does it do when {n} is unset?",
    "what if {n} is off?",
    "what happens if I turn off {n}?",
    "do I have to set {n}?",
    "what if I clear {n}?",
    "{n} left blank, what then?",
    "what happens if I keep {n} as it is?",
    "what if i remove {n}",
    "no {n}, what happens?",
)
ADVICE = (
    "When should I change {n}?",
    "what should I set {n} to?",
    "what is a good value for {n}?",
    "which {n} should I use?",
    "recommended {n}?",
    "best {n}",
    "what {n} do you recommend?",
    "should I use {n}?",
    "do I need {n}?",
    "when do I need {n}?",
    "when is {n} useful?",
    "how should I choose {n}?",
    "advice on {n}?",
    "how do I pick the right {n}?",
    "should I touch {n}?",
    "what value for {n}?",
    "what's the best setting for {n}?",
    "what do you suggest for {n}?",
    "when would I use {n}?",
    "ideal {n}?",
    "what is a sensible {n}",
    "how to tune {n}",
    "is the default of {n} fine?",
    "when does it make sense to change {n}?",
    "what do I do with {n}?",
    "your recommendation for {n}",
    "how to set {n} properly",
    "what is the right {n} for me?",
    "should i leave {n} alone or change it?",
)
DEFAULT = (
    "What is the default of {n}?",
    "default {n}?",
    "what's the default value of {n}?",
    "what is {n} by default?",
    "what is {n} set to at first?",
    "which value has {n} if I don't change it?",
    "standard value for {n}",
    "what does {n} start with?",
    "original value of {n}?",
    "what is the usual {n}",
    "factory setting for {n}?",
    "what's {n} normally set to?",
)
WHERE = (
    "Where do I find {n}?",
    "where is {n}?",
    "where can I change {n}?",
    "how do I set {n}?",
    "how do I change {n}?",
    "where is the {n} setting?",
    "I can't find {n}",
    "which group is {n} in?",
    "how to set {n} on the command line?",
    "where in the app is {n}?",
    "what is the flag for {n}?",
    "what is {n} called on the command line?",
    "in which panel is {n}?",
    "llama-server flag for {n}?",
    "how can i get to {n}",
    "when does a change of {n} take effect?",
)
RANGE = (
    "What values can {n} have?",
    "range of {n}?",
    "what is the maximum of {n}?",
    "what is the minimum of {n}?",
    "how high can {n} go?",
    "which values are allowed for {n}?",
    "options for {n}?",
    "what can I choose for {n}?",
    "limits for the value of {n}",
    "possible values of {n}",
)
MORE = (
    "Tell me more about {n}.",
    "more on {n}",
    "explain {n} in detail",
    "everything about {n} please",
    "the full help for {n}",
    "give me details about {n}",
    "what else should I know about {n}?",
    "a longer explanation of {n}",
)
FOLLOW_UPS = {
    "what": (
        "what is that?",
        "what does it do again?",
        "explain it again",
        "say that again",
        "what was that about?",
    ),
    "effect": (
        "what does it help?",
        "and what do I gain?",
        "what is it good for?",
        "what's the benefit?",
        "why would I?",
    ),
    "cost": (
        "and what does it cost?",
        "what's the downside?",
        "does it need memory?",
        "what's the catch?",
        "does it slow things down?",
        "any drawbacks?",
        "is there a risk?",
        "what is the price?",
        "and the cost?",
    ),
    "up": (
        "what if I raise it?",
        "and higher?",
        "what happens if I turn it on?",
        "and if I increase it?",
        "what if it is on?",
        "what if I use it?",
        "so if I turn it up?",
    ),
    "down": (
        "what if I lower it?",
        "and lower?",
        "what happens if I turn it off?",
        "and if I reduce it?",
        "what if it is off?",
        "what if I don't use it?",
        "so if I turn it down?",
    ),
    "advice": (
        "should I change it?",
        "what should I set it to?",
        "what do you recommend?",
        "when do I need it?",
        "what is a good value?",
        "so what should I do?",
        "do I need it?",
        "which value is best?",
    ),
    "default": ("what is the default?", "what is it by default?", "and the default?", "what is it normally?"),
    "where": (
        "where is it?",
        "where do I find it?",
        "how do I set it?",
        "how can I change it?",
        "where can I do that?",
    ),
    "range": ("which values can it have?", "how high can it go?", "what can I choose?", "what is the range?"),
    "more": (
        "tell me more",
        "more",
        "more please",
        "go on",
        "can you explain more?",
        "more details",
        "and what else?",
    ),
}
ASKED_FOR = (
    "{q}",
    "{q}",
    "{q}",
    "{q}",
    "{q} what can I do?",
    "{q} which setting helps?",
    "{q}, what should I change?",
    "how do I fix this: {q}",
    "my problem: {q}",
    "{q} any idea?",
    "what to do, {q}",
    "which setting is for this: {q}",
    "help, {q}",
)
GREETINGS = (
    "hi, ",
    "hello, ",
    "hey, ",
    "please tell me, ",
    "quick question: ",
    "ok, ",
    "so ",
    "and ",
    "hey guide, ",
    "one more: ",
)
ENDINGS = (" please", " thanks", ", thank you", " pls", " in simple words")

HELD_OUT_EVERY = 7


@cache
def split(phrasings: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(trained on, held out): every seventh phrasing is held out, never the first three.

    One that differs from a trained one in case and marks alone is neither.
    """
    held = [text for place, text in enumerate(phrasings) if place % HELD_OUT_EVERY == HELD_OUT_EVERY - 1]
    trained = tuple(text for text in phrasings if text not in held)
    seen = {plain(text) for text in trained}
    return trained, tuple(text for text in held if plain(text) not in seen)


def plain(question: str) -> str:
    """Letters and digits alone, in lower case: what a question is, however it is typed."""
    return "".join(letter for letter in question.casefold() if letter.isalnum())


def varied_name(name: str, chance: random.Random) -> str:
    """A name as people type it: other case, and spaces for hyphens and underscores, or none."""
    drawn = chance.random()
    if drawn < 0.45:
        return name
    if drawn < 0.75:
        return name.lower()
    if drawn < 0.85:
        return name.lower().replace("-", " ").replace("_", " ")
    if drawn < 0.90:
        return name.replace("-", "").replace(" ", "-") if chance.random() < 0.5 else name.replace("-", " ")
    if drawn < 0.94:
        return name.lower().replace("-", "") if "-" in name else name.lower().replace(" ", "_")
    if drawn < 0.96:
        return name.upper()
    if drawn < 0.98:
        return f'"{name}"'
    return name.capitalize()


def varied(question: str, chance: random.Random) -> str:
    """A question as people type it: with greetings, without capitals and marks, now and then with a slip."""
    if chance.random() < 0.10:
        question = chance.choice(GREETINGS) + question[:1].lower() + question[1:]
    if chance.random() < 0.06:
        question = question.rstrip("?. ") + chance.choice(ENDINGS) + ("?" if question.endswith("?") else "")
    if chance.random() < 0.30:
        question = question.lower()
    if chance.random() < 0.25:
        question = question.rstrip("?.! ")
    elif chance.random() < 0.15 and question[-1:].isalnum():
        question += "?"
    if chance.random() < 0.10:
        question = question.replace("'", "")
    if chance.random() < 0.12:
        question = _slip(question, chance)
    if chance.random() < 0.10:
        question = _without_a_word(question, chance)
    if chance.random() < 0.05:
        question = question[:1].upper() + question[1:]
    return question


def _slip(question: str, chance: random.Random) -> str:
    """One longer word loses a letter, or two of its letters change places, or one is doubled."""
    places = list(re.finditer(r"[A-Za-z]{5,}", question))
    if not places:
        return question
    match = chance.choice(places)
    word, at = match.group(), chance.randrange(1, len(match.group()) - 2)
    way = chance.random()
    if way < 0.4:
        word = word[:at] + word[at + 1 :]
    elif way < 0.75:
        word = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    else:
        word = word[:at] + word[at] + word[at:]
    return question[: match.start()] + word + question[match.end() :]


_SMALL = frozenset(
    {
        "the",
        "a",
        "an",
        "i",
        "my",
        "me",
        "to",
        "of",
        "is",
        "it",
        "do",
        "does",
        "can",
        "for",
        "in",
        "on",
        "with",
    }
    | {"and", "so", "that", "this", "when", "if", "be", "are", "you", "should", "would"}
)


def _without_a_word(question: str, chance: random.Random) -> str:
    words = question.split(" ")
    small = [place for place, word in enumerate(words) if word.lower() in _SMALL]
    if not small or len(words) < 5:
        return question
    del words[chance.choice(small)]
    return " ".join(words)
