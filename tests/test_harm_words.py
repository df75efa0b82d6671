"""What tells of harm is answered by a neutral pause, and stands nowhere (domain §2.5, §6.13)."""

from __future__ import annotations

from dataclasses import asdict, is_dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dialogue.driver import ANA, BEN, Room, real_script
from voice_imago.dialogue.safety import HarmWords
from voice_imago.dialogue.slots import Slot
from voice_imago.events import Intervention, Publish, Say, Transcript

SAID = "Last night he hit me in the kitchen, you know."
LISTS = real_script().languages["en"].replies


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("I want to kill myself.", "self_harm"),
        ("Sometimes I think everybody would be better off without me.", "self_harm"),
        (SAID, "harm"),
        ("You threatened me with a knife.", "harm"),
        ("I'm scared of you.", "harm"),
        ("I would never hit you", "harm"),
        ("I need help!", "harm"),
        ("He hit me and I want to die.", "self_harm"),
        ("You hurt my feelings when you left.", None),
        ("The kitchen knife is blunt.", None),
        ("I could kill for a coffee.", None),
        ("", None),
    ],
)
def test_short_lists_find_what_may_tell_of_harm(text: str, kind: str | None) -> None:
    assert HarmWords(LISTS).kind(text) == kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Ich will nicht mehr leben.", "self_harm"),
        ("Manchmal denke ich, ich bring mich einfach um.", "self_harm"),
        ("Am liebsten wäre ich tot.", "self_harm"),
        ("Gestern hat er mich in der Küche geschlagen.", "harm"),
        ("Du hast mir schon oft gedroht.", "harm"),
        ("Du hast mich geschlagen.", "harm"),
        ("Wenn du mich schlägst, gehe ich.", "harm"),
        ("Ich habe Angst vor dir.", "harm"),
        ("Sie hat mir gedroht, mit dem Messer.", "harm"),
        ("Er würgt mich, und ich möchte sterben.", "self_harm"),
        ("Das hat mich verletzt, als du gegangen bist.", None),
        ("Das Küchenmesser ist stumpf.", None),
        ("Ich habe die Sahne geschlagen.", None),
    ],
)
def test_the_german_lists_find_what_may_tell_of_harm(text: str, kind: str | None) -> None:
    assert HarmWords(real_script().languages["de"].replies).kind(text) == kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Artık yaşamak istemiyorum.", "self_harm"),
        ("Bazen kendimi öldürmeyi düşünüyorum.", "self_harm"),
        ("İntihar etmek istedim.", "self_harm"),
        ("Keşke ölseydim.", "self_harm"),
        ("Dün gece mutfakta bana vurdu.", "harm"),
        ("Beni o akşam çok dövdü.", "harm"),
        ("Beni bıçakla tehdit ettin.", "harm"),
        ("Senden çok korkuyorum.", "harm"),
        ("Kapıyı üstüme kilitledin, çıkmama hiç izin vermedin.", "harm"),
        ("Boğazımı iki kere sıktı ve ölmek istiyorum.", "self_harm"),
        ("Sen gidince canım yandı.", None),
        ("Mutfak bıçağı kör.", None),
        ("Bu konu beni zorluyor.", None),
        ("Yorgunluktan öldüm.", None),
        ("Kapıya vurdum.", None),
    ],
)
def test_the_turkish_lists_find_what_may_tell_of_harm(text: str, kind: str | None) -> None:
    assert HarmWords(real_script().languages["tr"].replies).kind(text) == kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Parfois je veux mourir.", "self_harm"),
        ("J'ai pensé à me tuer, tu sais.", "self_harm"),
        ("Vous seriez tous mieux sans moi.", "self_harm"),
        ("J'ai envie d'en finir.", "self_harm"),
        ("Hier soir il m'a encore frappée.", "harm"),
        ("Tu m'as menacée avec un couteau.", "harm"),
        ("Tu m'as déjà souvent giflé.", "harm"),
        ("Quand tu me frappes, je pars.", "harm"),
        ("J'ai peur de toi.", "harm"),
        ("Il m'a étranglée, et je voudrais mourir.", "self_harm"),
        ("Ça m'a blessée, quand tu es parti.", None),
        ("Le couteau de cuisine ne coupe plus.", None),
        ("Je voudrais en finir avec cette dispute.", "self_harm"),  # a false alarm costs one pause
        ("Quelqu'un a frappé à la porte.", None),
        ("Je me bats pour nous.", None),
        ("J'ai besoin d'aide pour la vaisselle.", None),
    ],
)
def test_the_french_lists_find_what_may_tell_of_harm(text: str, kind: str | None) -> None:
    assert HarmWords(real_script().languages["fr"].replies).kind(text) == kind


@pytest.mark.parametrize(
    ("language", "text", "kind"),
    [
        ("es", "Ayer me pego otra vez.", "harm"),
        ("fr", "Il m'a frappee hier.", "harm"),
        ("fr", "Il m’a frappee hier…", "harm"),
        ("de", "Er schlagt mich.", "harm"),
        ("es", "No pego ojo en toda la noche.", None),
        ("de", "Ich mag den Garten.", None),
    ],
)
def test_words_that_were_typed_without_accents_are_found_as_well(language: str, text: str, kind: str | None) -> None:
    assert HarmWords(real_script().languages[language].replies).kind(text) == kind


@given(st.text())
def test_any_text_has_a_kind_or_none(text: str) -> None:
    assert HarmWords(LISTS).kind(text) in (None, "harm", "self_harm")


def everything_published(room: Room) -> str:
    facts = [effect.fact for effect in room.effects if isinstance(effect, Publish)]
    return " ".join(str(asdict(fact)) for fact in facts if is_dataclass(fact))


def at_the_thing(**more: object) -> Room:
    room = Room(**more).guide_finishes()  # type: ignore[arg-type]
    return room.key("y").guide_finishes()


def test_the_dialogue_pauses_in_neutral_words_within_two_seconds_and_no_event_holds_the_words() -> None:
    room = at_the_thing(words_after_s=0.3)
    room.says(ANA, SAID)
    spoken_until = room.at
    while room.prompts[-1] != "pause_here.moment":
        room.frame()
        assert room.at - spoken_until < 2.0 + 0.5
    room.guide_finishes()
    assert room.prompts[-2:] == ["pause_here.moment", "pause_here.breathe"]
    published = everything_published(room)
    for word in ("hit", "kitchen", "night"):
        assert word not in published
    assert all(fact.text == "" for fact in room.published(Transcript))
    assert room.published(Intervention) == []


def test_the_guide_says_nothing_of_what_it_heard_and_names_no_kind() -> None:
    lines = real_script().languages["en"].prompts
    said = " ".join(prompt.first for key, prompt in lines.items() if key.startswith("pause_here.")).lower()
    for word in ("hit", "hurt", "violen", "suicid", "kill", "harm", "afraid", "abuse", "heard"):
        assert word not in said


def test_where_somebody_may_hurt_themselves_one_soft_line_is_said_once() -> None:
    room = at_the_thing(words_after_s=0.3)
    for _ in range(2):
        room.says(ANA, "I want to kill myself.").waits(2.5).guide_finishes()
        assert room.session.dialogue.guide.state.call.graph == "pause_here"
        room.key("space").guide_finishes().key("3").guide_finishes()
    assert room.prompts.count("pause_here.anyone") == 1
    assert room.prompts.count("pause_here.moment") == 2


@pytest.mark.parametrize(("slot", "line"), [("112", "If anyone might be in danger now: 112."), ("", None)])
def test_a_number_is_said_only_where_one_was_verified(slot: str, line: str | None) -> None:
    slots = {"emergency": Slot("words", slot)} if slot else {}
    room = at_the_thing(words_after_s=0.3, slots=slots)
    room.says(ANA, "I want to kill myself.").waits(2.5).guide_finishes()
    texts = [effect.text for effect in room.effects if isinstance(effect, Say)]
    assert (line or "If anyone might be in danger now, call your local emergency number.") in texts


def test_harm_by_others_gets_no_help_line_aloud() -> None:
    room = at_the_thing(words_after_s=0.3)
    room.says(BEN, "You threatened me.").waits(2.5).guide_finishes()
    texts = " ".join(effect.text for effect in room.effects if isinstance(effect, Say))
    assert "call" not in texts.lower().replace("so-called", "")


def test_a_typed_line_is_withheld_too() -> None:
    room = at_the_thing()
    room.types(SAID, ANA).guide_finishes()
    assert "kitchen" not in everything_published(room)
    assert room.session.dialogue.guide.state.call.graph == "pause_here"


def test_after_the_pause_the_couple_choose_and_may_go_on_where_they_were() -> None:
    room = at_the_thing(words_after_s=0.3)
    step = room.step
    room.says(ANA, SAID).waits(2.5).guide_finishes()
    room.key("space").guide_finishes().key("3").guide_finishes()
    assert room.step == step


def test_the_same_goodbye_ends_every_evening() -> None:
    assert real_script().languages["en"].prompts["guide.goodbye"].first.endswith("Help numbers are always under help.")
