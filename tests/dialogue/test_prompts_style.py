"""How the guide speaks, measured on every sentence it can say (domain §5.1, §5.2, §5.8, §6.4, §6.14)."""

from __future__ import annotations

import re
import statistics
import string

import pytest

from voice_imago.dialogue.phrases import plain_words
from voice_imago.dialogue.script import Language, Prompt, Script, load_script
from voice_imago.dialogue.script_words import prompt_words
from voice_imago.dialogue.wording import Wording

SCRIPT = load_script()
LANGUAGES = [language for language in SCRIPT.languages.values() if language.offered]
STEPS = {step.prompt for graph in SCRIPT.graphs.values() for step in graph.steps.values() if step.prompt}
LONG_NAMES = {role: "Bartholomew" for role in ("sender", "receiver", "actor", "other", "asker")}
WORDS_A_MINUTE = 155
"""Speed of the guide's voice."""


EITHER = re.compile(r"\[([^][|]*)\|([^][|]*)\]")
"""Two ways to address somebody: [informal|formal]. One of them is said."""


def forms(prompt: Prompt, *, formal: bool = False) -> tuple[str, str, str]:
    way = r"\2" if formal else r"\1"
    return (EITHER.sub(way, prompt.first), EITHER.sub(way, prompt.repeat), EITHER.sub(way, prompt.cue))


def sentences(language: Language) -> list[str]:
    return [text for prompt in language.prompts.values() for text in (*forms(prompt), prompt.again) if text]


@pytest.fixture(params=LANGUAGES, ids=lambda language: language.code)
def language(request: pytest.FixtureRequest) -> Language:
    chosen: Language = request.param
    return chosen


@pytest.fixture(scope="module")
def script() -> Script:
    return SCRIPT


@pytest.mark.parametrize(
    ("text", "words"),
    [("Is there more?", 3), ("Y a-t-il autre chose ?", 4), ("{sender} : {item}.", 2), ("…", 0), ("Yes, or S.", 3)],
)
def test_only_what_is_spoken_counts_as_a_word(text: str, words: int) -> None:
    assert prompt_words(text) == words


def test_nearly_all_prompts_have_one_breath(language: Language) -> None:
    counts = [prompt_words(text) for text in sentences(language)]

    assert max(counts) <= 30
    assert sum(count <= 20 for count in counts) >= 0.95 * len(counts)
    assert statistics.median(counts) <= 8


def test_the_longest_prompt_of_a_step_takes_less_than_eight_seconds(language: Language) -> None:
    """Notices aside, nobody listens longer than that at a time (domain §5.1)."""
    longest_s = {
        key: prompt_words(forms(language.prompts[key], formal=True)[0]) / WORDS_A_MINUTE * 60
        for key in STEPS
        if key in language.prompts
    }

    assert {key: seconds for key, seconds in longest_s.items() if seconds > 8} == {}


def test_whoever_knows_the_steps_hears_less_than_five_seconds(language: Language) -> None:
    """Domain §5.2; cues and repeats of every step."""
    known = [text for key in STEPS for text in forms(language.prompts[key])[1:]]

    assert max(prompt_words(text) / WORDS_A_MINUTE * 60 for text in known) < 5


def test_the_second_time_a_step_is_much_shorter(language: Language) -> None:
    def shorter(key: str) -> bool:
        first, repeat, cue = (prompt_words(text) for text in forms(language.prompts[key]))
        return cue <= repeat and (repeat <= 0.6 * first or (first <= 5 and repeat <= first))

    assert [key for key in sorted(STEPS) if not shorter(key)] == []


def test_every_step_has_a_title_and_three_forms(language: Language) -> None:
    prompts = [language.prompts[key] for key in sorted(STEPS)]

    assert [prompt.key for prompt in prompts if not (prompt.title and all(forms(prompt)))] == []


def test_nobody_is_blamed_diagnosed_judged_or_told_what_they_feel(language: Language) -> None:
    """A second reading beside neutrality.toml, with a list of its own."""
    never = [
        *("you interrupted", "you forgot", "you failed", "you should", "you must", "wrong", "mistake", "error"),
        *("fault", "sorry", "you are angry", "you seem", "you sound", "you feel", "calm down", "good job"),
        *("well done", "perfect", "narcissist", "trauma", "attachment", "abuse", "right answer", "relax"),
        *("i didn't understand", "i did not understand", "i understand how", "unfortunately", "obviously"),
        *("simply", "of course"),
    ]
    said = {" ".join(plain_words(text)): text for text in sentences(language)}

    found = {
        (phrase, text)
        for plain, text in said.items()
        for phrase in (" ".join(plain_words(phrase)) for phrase in never)
        if re.search(rf"\b{phrase}\b", plain)
    }
    assert found == set()


def test_both_partners_are_treated_alike(language: Language) -> None:
    """With the names changed over, the guide says the same with the names changed over."""
    # names that are no word of any language here, as "Ben" is in Dutch
    roles = {"sender": "Anouk", "receiver": "Berit", "actor": "Anouk", "other": "Berit", "asker": "Berit"}
    over = {role: {"Anouk": "Berit", "Berit": "Anouk"}[name] for role, name in roles.items()}
    more = {"number": "1", "count": "2", "title": "x", "stem": "y", "minutes": "3"}
    more |= {"name": "Cleo", "what": "z", "line": "z"}
    one, two = Wording(language, ("Anouk", "Berit")), Wording(language, ("Berit", "Anouk"))
    swap = str.maketrans({"\x00": "Berit", "\x01": "Anouk"})
    for prompt in language.prompts.values():
        for form in ("first", "repeat", "cue"):
            text = one.text(prompt.key, form, roles | more)
            changed = text.replace("Anouk", "\x00").replace("Berit", "\x01").translate(swap)
            assert two.text(prompt.key, form, over | more) == changed


def test_no_prompt_supposes_a_man_or_a_woman(language: Language) -> None:
    gendered = {
        "he",
        "she",
        "him",
        "her",
        "his",
        "hers",
        "husband",
        "wife",
        "boyfriend",
        "girlfriend",
        "guys",
        "ladies",
    }

    assert [text for text in sentences(language) if language.code == "en" and gendered & set(plain_words(text))] == []


def test_a_prompt_can_be_spoken(language: Language) -> None:
    """Nothing a voice stumbles over: no brackets, dashes, digits or shouting; ends like a sentence."""

    def is_spoken(text: str) -> bool:
        bare = "".join(literal + ("Ana" if name else "") for literal, name, *_ in string.Formatter().parse(text))
        begins = text.lstrip("¿")
        return (
            not re.search(r"[()\[\]*/\\_#<>\d\"“”–—!]|\s\s|^\s|\s$", bare)
            and text.endswith((".", "?", "…", "{stem}"))
            and (begins[0] == "{" or begins[0].isupper())
        )

    texts = {text for one in language.prompts.values() for text in (*forms(one), *forms(one, formal=True))}
    assert [text for text in sorted(texts) if not is_spoken(text)] == []


def test_a_stem_is_the_beginning_of_a_sentence(language: Language) -> None:
    stems = [prompt.stem for prompt in language.prompts.values()]

    assert [stem for stem in stems if stem.endswith((".", "…", ",", " ")) or prompt_words(stem) > 10] == []


def test_a_turn_that_wants_words_has_a_stem(script: Script, language: Language) -> None:
    """The first reminder of a mirror, a validation or a guess at feelings is its stem."""
    wanting = [
        step.prompt
        for graph in script.graphs.values()
        for step in graph.steps.values()
        if step.do == "turn" and "stem" in (step.remind or script.timings[step.kind].remind)
    ]

    assert [key for key in wanting if not language.prompts[key].stem] == []
    assert len(wanting) >= 10


def test_choices_are_offered_in_the_order_of_their_keys(script: Script, language: Language) -> None:
    """Key 1 is the first that was named."""
    for graph in script.graphs.values():
        for step in graph.steps.values():
            choices = [meaning for meaning in step.on if meaning.startswith("choice:") and step.do != "branch"]
            sizes = graph.id == "model" and "yes" in step.on and step.id != "english"  # by key, wherever it asks
            if (
                len(choices) < 2 or graph.id == "stop" or sizes
            ):  # asked as yes or no; the choices are other words for it
                continue
            text = plain_words(forms(language.prompts[step.prompt])[0])
            places = []
            for choice in choices:
                name = choice if choice in language.replies else choice.removeprefix("choice:")
                phrases = [plain_words(phrase) for phrase in language.replies[name]]
                starts = [at for phrase in phrases for at in range(len(text)) if text[at : at + len(phrase)] == phrase]
                assert starts or choice == "choice:later", f"{step.id} does not name {choice}"
                places.append(min(starts, default=len(text)))
            assert places == sorted(places), step.id


def test_the_guide_says_how_to_stop_and_where_help_is(language: Language) -> None:
    """Every session ends with the same line, so that hearing it reveals nothing (domain §2.5)."""
    if language.code == "en":
        assert language.prompts["guide.goodbye"].first == (
            "I have stopped listening. Help numbers are always under help."
        )
        assert plain_words(language.prompts["guide.limits"].first)[:5] == (
            "this",
            "is",
            "practice",
            "not",
            "therapy",
        )


def test_long_names_do_not_make_a_prompt_a_speech(language: Language) -> None:
    wording = Wording(language, ("Bartholomew", "Bartholomew"))
    longest = max((EITHER.sub(r"\2", wording.text(key, "first", LONG_NAMES)) for key in STEPS), key=len)

    assert len(longest) <= 140, longest
