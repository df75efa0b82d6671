"""How each partner is spoken to is there again on the next evening, whatever their name is."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from voice_imago.dialogue.tuning import VoiceTuning
from voice_imago.engines.ports import VoiceSettings
from voice_imago.engines.voice_shelf import HouseVoice, Shelf
from voice_imago.errors import FileError, UsageError
from voice_imago.events import Partner, Perform, TuneVoice
from voice_imago.folders import settings_file
from voice_imago.runtime.plan import check_partners
from voice_imago.runtime.prompts_cache import PromptCache
from voice_imago.runtime.voice_kept import MOST_KEPT, VoiceTasks, at_start, keep_tuning, own_voices, tunings_of
from voice_imago.settings import Settings, Tuning, load_settings, save_settings
from voice_imago.testing import FakeVoice

ANA: Partner = 0
BEN: Partner = 1
ODD = ("O\"Neill's", "Zoë 🌻", "שרה")


def at_once(job: Any, then: Any) -> None:
    then(job())


@pytest.mark.parametrize("name", ODD)
def test_a_way_is_kept_under_any_name_that_can_be_spoken(name: str) -> None:
    partners = check_partners([name, "Ben"])
    keep_tuning(partners, TuneVoice(1.3, 0.5, 1.1, 0), at_once)
    keep_tuning(partners, TuneVoice(0.8, 1.0, 0.9, 1), at_once)
    keep_tuning(partners, TuneVoice(0.8, 1.0, 0.9, None), at_once)
    settings = load_settings()
    assert tunings_of(settings, partners) == (VoiceTuning(1.3, 0.5, 1.1), VoiceTuning(0.8, 1.0, 0.9))
    assert settings_file().stat().st_mode & 0o077 == 0


def test_who_is_new_hears_the_usual_voice_at_the_set_volume() -> None:
    assert tunings_of(Settings(volume=0.4), ("Ana", "Ben")) == (VoiceTuning(volume=0.4), VoiceTuning(volume=0.4))


def test_a_voice_is_told_for_each_of_them_and_for_both() -> None:
    told = list(at_start((VoiceTuning(2.0, 0.2), VoiceTuning(0.8, 1.0))))
    assert [(t.to, t.rate, t.volume) for t in told] == [(0, 2.0, 0.2), (1, 0.8, 1.0), (None, 0.8, 1.0)]


def test_only_so_many_people_are_remembered() -> None:
    for number in range(MOST_KEPT + 3):
        keep_tuning((f"Ana{number}", "Ben"), TuneVoice(1.3, 0.5, 1.0, 0), at_once)
    kept = load_settings().tunings
    assert len(kept) == MOST_KEPT
    assert "Ana0" not in kept


def test_a_disk_that_takes_nothing_is_told_and_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(settings: Settings) -> None:
        raise FileError("The settings cannot be written: No space left on device.")

    monkeypatch.setattr("voice_imago.remembering.save_settings", full)
    keep_tuning(("Ana", "Ben"), TuneVoice(1.3, 0.5, 1.0, 0), at_once)
    assert "No space left" in capsys.readouterr().err


def test_settings_with_an_impossible_way_are_one_sentence() -> None:
    save_settings(Settings(tunings={"Ana": Tuning(1.0)}))
    text = settings_file().read_text().replace('rate" = 1.0', 'rate" = 9.0')
    settings_file().write_text(text)
    with pytest.raises(FileError) as caught:
        load_settings()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["x" * 200, "🌻", '"', "\u202e"])
def test_a_name_that_cannot_be_spoken_is_one_sentence(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_partners([name, "Ben"])
    assert "\n" not in str(caught.value)


# ------------------------------------------------------------------ another voice

COUPLE = ("Ana", "Ben")
THREE = ("fake:one", "fake:two", "fake:three")


@dataclass
class Desk:
    folder: Path
    names: tuple[str, ...] = ("fake:one", "fake:two")
    partners: tuple[str, str] | None = COUPLE
    done: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cache = PromptCache(FakeVoice(), VoiceSettings("fake:one"), self.folder, background=False)
        house = HouseVoice({"fake": FakeVoice()}, Shelf(self.names))  # type: ignore[dict-item]
        self.tasks = VoiceTasks(
            self.cache, house, at_once, lambda id, outcome: self.done.append((id, outcome)), self.partners
        )

    def another(self, whose: Partner | None = None) -> tuple[str, str, str]:
        """Ask for one; in which voices Ana, Ben and both are spoken to then."""
        self.tasks.perform(Perform(7, "another_voice", whose))
        first, second, both = (self.cache.voice_to(to).removeprefix("fake:") for to in (0, 1, None))
        return first, second, both


def test_another_voice_speaks_from_now_on_and_the_next_evening(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "prompts")
    assert desk.another() == ("two", "two", "two")
    assert desk.done == [(7, "good")]
    assert load_settings().voice == "fake:two"
    assert load_settings().tunings == {}, "nobody has a way of their own"


def test_who_asks_for_another_voice_has_it_and_the_other_one_keeps_theirs(tmp_path: Path) -> None:
    """What is said to both follows whoever asked last: they may not understand the one before."""
    desk = Desk(tmp_path / "prompts", THREE)
    assert desk.another(ANA) == ("two", "one", "two")
    assert desk.another(BEN) == ("two", "two", "two")
    assert desk.another(BEN) == ("two", "three", "three")
    assert own_voices(load_settings(), COUPLE, Shelf(THREE)) == {ANA: "fake:two", BEN: "fake:three"}
    assert load_settings().voice == "fake:three"
    assert own_voices(load_settings(), ("Cy", "Ben"), Shelf(THREE)) == {BEN: "fake:three"}
    assert own_voices(load_settings(), COUPLE, Shelf(("fake:two",))) == {ANA: "fake:two"}, "the other one is not here"
    assert desk.another() == ("one", "one", "one"), "by key it is for both"
    assert own_voices(load_settings(), COUPLE, Shelf(THREE)) == {}


def test_a_voice_of_ones_own_outlives_a_change_of_the_pace(tmp_path: Path) -> None:
    keep_tuning(COUPLE, TuneVoice(0.8, 0.5, 1.0, ANA), at_once)
    Desk(tmp_path / "prompts").another(ANA)
    keep_tuning(COUPLE, TuneVoice(0.7, 0.5, 1.0, ANA), at_once)
    assert load_settings().tunings["Ana"] == Tuning(0.7, 0.5, 1.0, "fake:two")
    assert load_settings().tunings["Ben"] == Tuning(1.0, Settings().volume, 1.0, "fake:one")


def test_each_of_two_is_spoken_to_in_their_own_voice(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "prompts")
    desk.another(ANA)
    spoken: list[str] = []
    engine = desk.cache._maker._engine
    render = engine.render

    def noted(text: str, settings: VoiceSettings, target: Path) -> None:
        spoken.append(settings.voice)
        render(text, settings, target)

    engine.render = noted  # type: ignore[method-assign]
    for to in (ANA, BEN, None):
        desk.cache.fetch("Go on.", to)
    assert spoken == ["fake:two", "fake:one"], "what is said to both is Ana's sound"


def test_where_there_is_only_one_voice_nothing_changes(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "prompts", ("fake:one",))
    assert desk.another() == ("one", "one", "one")
    assert desk.done == [(7, "only")]
    assert load_settings().voice == ""


def test_a_rehearsal_changes_no_settings(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "prompts", partners=None)
    assert desk.another(ANA) == ("two", "one", "two")
    desk.tasks.perform(Perform(8, "know_sound", what="paused"))
    assert not settings_file().exists()


def test_an_introduced_tone_is_not_introduced_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "prompts")
    for number in (1, 2):
        desk.tasks.perform(Perform(number, "know_sound", what="paused"))
    assert load_settings().earcons_known == ("paused",)
    assert desk.done == [(1, "good"), (2, "good")]
