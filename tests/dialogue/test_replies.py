"""What people answer, in the many ways in which they say it.

An unclear answer is a nuisance; the opposite of what was meant is a fault.
"""

from __future__ import annotations

import random
import re
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dialogue.answer_tables import ALL, CODES, NONE, Case, cases_of, opposite, replies_of, understood
from voice_imago.dialogue.phrases import folded, plain_words
from voice_imago.dialogue.replies import Replies
from voice_imago.dialogue.reply_commands import NEVER_GUESSED
from voice_imago.dialogue.script import load_script
from voice_imago.dialogue.script_names import COMMANDS

CHECK = ("yes", "no", "partly", "question")
"""The answers to "did I get that?"."""


@pytest.fixture(scope="module")
def replies() -> Replies:
    return Replies(load_script().languages["en"])


@pytest.mark.parametrize("case", ALL, ids=str)
def test_an_answer_means_what_a_person_would_say_it_means(case: Case) -> None:
    assert understood(case) == case.meaning


def test_the_tables_are_as_large_as_they_should_be() -> None:
    counts = {code: len(cases_of(code)) for code in CODES}

    assert counts.pop("en") >= 800
    assert all(count >= 60 for count in counts.values()), counts
    assert {code for code, language in load_script().languages.items() if language.replies} == set(CODES)


def upper(text: str, code: str) -> str:
    return (text.replace("i", "İ").replace("ı", "I") if code == "tr" else text).upper()


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("without", ["punctuation", "capitals", "apostrophes"])
def test_an_answer_means_the_same_however_the_recogniser_spells_it(code: str, without: str) -> None:
    def spelt(text: str) -> str:
        if without == "capitals":
            return upper(text, code)
        if without == "apostrophes":
            return text.replace("'", "’")
        return re.sub(r"(?<!\d)[.,?!¿¡]|[.,?!¿¡](?!\d)", "", text)

    cases = [case for case in cases_of(code) if case.table != "command" or case.meaning != NONE]
    if without == "punctuation":
        cases = [case for case in cases if not case.text.endswith("5.")]  # of "3.5." it is a part
    if without == "punctuation" and load_script().languages[code].replies.get("turning_no"):
        cases = [case for case in cases if "no," not in case.text.casefold()]  # there "no, bien" is not "no bien"
    wrong = [
        (case.text, case.meaning, understood(case, spelt(case.text)))
        for case in cases
        if understood(case, spelt(case.text)) != case.meaning
    ]

    assert wrong == []


@pytest.mark.parametrize("code", CODES)
def test_without_accents_an_answer_may_be_lost_but_never_turned_round(code: str) -> None:
    lost = []
    for case in cases_of(code):
        plain = "".join(folded(letter) for letter in case.text)
        got = understood(case, plain)
        assert not opposite(case.meaning, got), (plain, case.meaning, got)
        lost += [plain] if got != case.meaning else []

    assert len(lost) <= 0.04 * len(cases_of(code)), lost


@pytest.mark.parametrize("code", CODES)
def test_hesitation_never_turns_an_answer_into_its_opposite(code: str) -> None:
    """A filler in front, behind or in the middle may cost the answer, never change it."""
    lists = load_script().languages[code].replies
    turned = []
    for case in cases_of(code):
        words = case.text.split()
        half = len(words) // 2
        for sound, filler in zip(lists["hesitation"][:4], lists["fillers"][:4], strict=True):
            for said in (
                f"{sound}, {filler}, {case.text}",
                f"{case.text} {filler}.",
                " ".join([*words[:half], f"{sound},", *words[half:]]),
            ):
                if opposite(case.meaning, understood(case, said)):
                    turned.append((said, case.meaning, understood(case, said)))

    assert turned == []


@pytest.mark.parametrize("code", CODES)
def test_a_letter_wrong_never_turns_an_answer_into_its_opposite(code: str) -> None:
    """Every answer with letters lost, doubled, changed or swapped, wherever and however little that sounds alike.

    Now and then that makes another word ("now" is "no", "oh please no" is "oh please o"); no list can help that.
    """
    chance, turned, count = random.Random(4), [], 0
    for case in [case for case in cases_of(code) if case.table == "question"]:
        for _ in range(6):
            said = misspelt(case.text, chance)
            count += 1
            if opposite(case.meaning, understood(case, said)):
                turned.append((case.text, said, case.meaning))

    assert len(turned) <= 0.01 * count, turned


def misspelt(text: str, chance: random.Random) -> str:
    if len(text) < 2:
        return text
    at, letter = chance.randrange(len(text) - 1), chance.choice("aeiounrst")
    return chance.choice(
        [
            text[:at] + text[at + 1 :],
            text[:at] + text[at] + text[at:],
            text[:at] + letter + text[at + 1 :],
            text[:at] + text[at + 1] + text[at] + text[at + 2 :],
        ]
    )


@pytest.mark.parametrize("code", CODES)
def test_a_misspelt_stop_is_no_command(code: str) -> None:
    """Whoever is misheard is asked again; a session, a step or the floor is never lost over a letter."""
    commands = load_script().languages[code].commands
    phrases = sorted(phrase for name in NEVER_GUESSED for phrase in commands[name])
    exact = {plain(phrase) for phrase in phrases}
    chance = random.Random(5)
    for phrase in phrases:
        for _ in range(20):
            said = misspelt(phrase, chance)
            assert plain(said) in exact or replies_of(code).command(said) not in NEVER_GUESSED, said


def plain(text: str) -> tuple[str, ...]:
    return tuple(map(folded, plain_words(text)))


ANYTHING = st.one_of(
    st.text(), st.lists(st.sampled_from(sorted({w for c in ALL for w in c.text.split()}))).map(" ".join)
)
EXPECTED = st.sets(
    st.sampled_from(
        ["yes", "no", "partly", "talk", "question", "number", "name", "date", "choice:later", "choice:leave"]
    )
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(CODES), ANYTHING, EXPECTED, st.sampled_from([None, -1, 0, 1]))
def test_any_text_gives_an_expected_meaning_a_question_or_unclear(
    code: str, text: str, expected: set[str], by: int | None
) -> None:
    meaning = replies_of(code).meaning(text, expected, by)  # type: ignore[arg-type]

    kind, _, value = meaning.partition(":")
    assert meaning in {*expected, "question", "unclear"} or (kind in expected and value)
    assert kind != "number" or int(value) in range(11)
    assert kind != "name" or value in ("0", "1")


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(CODES), ANYTHING)
def test_no_text_is_too_much_for_names_times_commands_and_ends_of_turns(code: str, text: str) -> None:
    replies, now = replies_of(code), datetime(2026, 11, 26, 16, 0)

    assert replies.command(text) in {*COMMANDS, None}
    assert replies.who(text) in {"0", "1", "me", "not_me", None}
    assert replies.hands_over(text) in (True, False)
    assert replies.not_done(text) in (True, False)
    when = replies.when(text)
    assert when is None or (when.resolve(now) > now and when.code)


def test_a_negation_in_front_of_an_affirmation_is_never_a_yes(replies: Replies) -> None:
    affirmations = [
        "you got it",
        "that's right",
        "you heard me",
        "that's what I meant",
        "you understood me",
        "you did",
    ]
    negations = [
        "I don't think",
        "I can't say that",
        "I wouldn't say",
        "It isn't true that",
        "I'm not sure",
        "Never say",
    ]
    said = {f"{no} {yes}." for no in negations for yes in affirmations}

    assert {text for text in said if replies.meaning(text, CHECK) == "yes"} == set()
    assert {text for text in said if replies.meaning(f"No, {text}", CHECK) == "yes"} == set()


def test_only_expected_meanings_are_given(replies: Replies) -> None:
    assert replies.meaning("Later.", ("yes", "no")) == "unclear"
    assert replies.meaning("Partly.", ("yes", "no")) == "unclear"
    assert replies.meaning("Yes.", ("choice:leave", "choice:again")) == "unclear"
    assert replies.meaning("Stop.", CHECK) == "unclear"


def test_names_beside_an_answer_do_not_matter() -> None:
    replies = Replies(load_script().languages["en"], ("Nothando", "Will"))

    assert replies.meaning("Yes, Nothando.", CHECK) == "yes"
    assert replies.meaning("Will, no.", CHECK) == "no"
    assert replies.command("Will, pause please") == "pause"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Pause.", "pause"),
        ("Please pause.", "pause"),
        ("Pause, please!", "pause"),
        ("Okay, pause", "pause"),
        ("Can we pause please?", "pause"),
        ("Go on.", "go_on"),
        ("Let's go on", "go_on"),
        ("Skip this.", "skip"),
        ("Time-out!", "time_out"),
        ("Time out", "time_out"),
        ("timeout", "time_out"),
        ("I need a time-out.", "time_out"),
        ("Stop.", "stop"),
        ("Please stop!", "stop"),
        ("Let's stop for today.", "stop"),
        ("Help", "help"),
        ("What can I say?", "help"),
        ("Slower.", "slower"),
        ("Slower, please.", "slower"),
        ("Speak faster", "faster"),
        ("Louder please", "louder"),
        ("Too loud.", "softer"),
        ("Where are we?", "where"),
        ("Repeat that.", "repeat"),
        ("Pardon?", "repeat"),
        ("Go back.", "back"),
        ("Done.", "done"),
        ("I'm done.", "done"),
        ("No, that was me.", "that_was_me"),
        ("Hey guide, repeat", "repeat"),
        ("repaet that", "repeat"),
        ("lauder please", "louder"),
        ("where are wee", "where"),
        ("carry onn", "go_on"),
    ],
)
def test_a_command_is_the_whole_utterance_with_a_little_politeness(replies: Replies, text: str, name: str) -> None:
    assert replies.command(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Don't stop.",
        "I couldn't stop crying.",
        "Stopp.",
        "Please stpo.",
        "Stop it, you always say that.",
        "tim out",
        "skipp",
        "We had to pause the film.",
        "You help me a lot.",
        "I asked you to repeat that and you laughed.",
        "Go on, say it.",
        "hush",
        "Well done.",
        "bask",
        "Yes.",
        "It was louder than before.",
        "mop",
        "shop",
        "Ana",
    ],
)
def test_content_is_no_command_and_stop_is_never_guessed(replies: Replies, text: str) -> None:
    assert replies.command(text) is None


def test_no_phrase_of_another_command_is_one_letter_from_a_guessed_one(replies: Replies) -> None:
    phrases = [(name, phrase) for name, list_ in load_script().languages["en"].commands.items() for phrase in list_]

    assert {name for name, _ in phrases} == set(COMMANDS)
    assert all(replies.command(phrase) == name for name, phrase in phrases)


@pytest.mark.parametrize(
    "text",
    [
        "I felt small. That's it.",
        "I felt small and that's it",
        "Over to you.",
        "So, over to you",
        "That's all.",
        "I was tired, I'm done.",
        "I was tired. Done.",
        "I think that's it.",
        "No, that's it.",
        "It's your turn.",
        "I was scared, and that's all I have. Over.",
        "That is my piece. You can mirror.",
    ],
)
def test_last_words_hand_the_floor_over(replies: Replies, text: str) -> None:
    assert replies.hands_over(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "That's it, I thought, and then",
        "The dishes were never done",
        "When are the dishes done",
        "I wonder if that's it",
        "I don't think that's all",
        "It was your turn",
        "It's always your turn",
        "The party is over",
        "You said go ahead and then",
        "I asked whether that's all",
        "That's it for the kitchen",
    ],
)
def test_a_handing_over_phrase_inside_a_story_does_not(replies: Replies, text: str) -> None:
    assert not replies.hands_over(text)


@pytest.mark.parametrize(
    "text",
    ["I was tired and", "because", "I felt, um", "and then I,", "It was so...", "When you", "I mean", "so I"],
)
def test_an_unfinished_utterance_is_not_done(replies: Replies, text: str) -> None:
    assert replies.not_done(text) is (text != "When you")


@pytest.mark.parametrize("text", ["I was tired.", "That's it.", "You left.", "I love the sand.", "Ask Ben", ""])
def test_a_finished_utterance_is_done(replies: Replies, text: str) -> None:
    assert not replies.not_done(text)


@pytest.mark.parametrize(
    ("list_name", "text", "held"),
    [
        ("vague", "One thing I appreciate about you is that you're great.", True),
        ("vague", "You're kind.", True),
        ("vague", "You're kind when my mother calls, on Sunday you took the phone.", False),
        ("sweet", "You cooked for me, for once.", True),
        ("sweet", "You did the dishes, finally.", True),
        ("sweet", "I finally feel at home with you.", False),
        ("sweet", "You always make me coffee, and you never forget my birthday.", False),
        ("deflect", "Oh, it was nothing.", True),
        ("deflect", "Hearing that, I feel warm.", False),
        ("nothing", "Nothing.", True),
        ("nothing", "Um, I don't know.", True),
        ("nothing", "It makes sense because nothing was left in the fridge.", False),
        ("nothing", "That makes no sense to me.", True),
        ("because", "You make sense to me, because you had waited all day.", True),
        ("because", "You make sense to me.", False),
        ("thought", "I imagine you might be feeling that I don't care.", True),
        ("thought", "I imagine you feel lonely and sad.", False),
        ("forgot", "I forgot.", True),
        ("forgot", "Sorry, um, I forgot it.", True),
        ("forgot", "What I hear you say is that you were hurt when I forgot your birthday.", False),
        ("forgot", "Could you say that again?", True),
        ("question", "So you were tired. Did I get that?", True),
        ("ready", "We're ready.", True),
        ("ready", "I'm not ready yet.", False),
        ("ready", "Not quite ready.", False),
    ],
)
def test_content_lists_are_held_where_their_marks_say(replies: Replies, list_name: str, text: str, held: bool) -> None:
    assert replies.holds(text, list_name) is held


def test_a_negation_behind_a_phrase_turns_it_round() -> None:
    turkish = replies_of("tr")

    assert turkish.holds("Biz hazırız.", "ready")
    assert turkish.holds("Hazır.", "ready")
    assert not turkish.holds("Hazır değilim.", "ready")


def test_a_list_that_nobody_wrote_is_a_fault_of_the_program(replies: Replies) -> None:
    with pytest.raises(KeyError):
        replies.holds("Hello.", "no_such_list")


def test_words_are_made_plain() -> None:
    assert plain_words("That’s it, Time-out: ÄRGER naïve 20!") == (
        "thats",
        "it",
        "time",
        "out",
        "ärger",
        "naïve",
        "20",
    )
    assert plain_words("…?!") == ()
