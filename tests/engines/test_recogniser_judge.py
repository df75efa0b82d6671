"""What is believed of a decoded piece."""

from __future__ import annotations

import pytest

from voice_imago.engines.recogniser_judge import Decoded, collapse_loops, correct_names, doubtful, judge


def decoded(text: str, logprob: float = -0.2, no_speech: float = 0.01) -> Decoded:
    return Decoded(f" {text}", logprob, no_speech, tokens=max(1, len(text.split())))


class TestBelief:
    def test_a_probable_text_is_heard_with_its_probability(self) -> None:
        heard = judge([decoded("I felt alone.", logprob=-0.1)], 2.0, ())
        assert heard.text == "I felt alone."
        assert heard.confidence == pytest.approx(0.905, abs=0.001)

    def test_segments_are_joined(self) -> None:
        assert judge([decoded("I felt"), decoded("alone.")], 2.0, ()).text == "I felt alone."

    def test_improbable_and_likely_no_speech_is_dropped(self) -> None:
        assert judge([decoded("Thanks for watching.", -1.4, 0.9)], 5.0, ()).text == ""

    @pytest.mark.parametrize(("logprob", "no_speech"), [(-1.4, 0.3), (-0.3, 0.9)])
    def test_one_sign_alone_is_kept_with_little_confidence(self, logprob: float, no_speech: float) -> None:
        heard = judge([decoded("Yes.", logprob, no_speech)], 1.0, ())
        assert heard.text == "Yes."
        assert heard.confidence < 0.3

    def test_improbable_and_repetitive_is_dropped(self) -> None:
        assert judge([decoded("ha" * 100, -1.4)], 30.0, ()).text == ""

    def test_thank_you_is_never_forbidden(self) -> None:
        assert judge([decoded("Thank you.")], 0.7, ()).text == "Thank you."

    def test_only_the_invented_segment_goes(self) -> None:
        parts = [decoded("I felt alone."), decoded("Thanks for watching.", -1.4, 0.9)]
        assert judge(parts, 6.0, ()).text == "I felt alone."

    @pytest.mark.parametrize("nothing", [[], [decoded("")], [decoded("  ")]])
    def test_nothing_is_nothing(self, nothing: list[Decoded]) -> None:
        heard = judge(nothing, 2.0, ())
        assert (heard.text, heard.confidence) == ("", 0.0)

    def test_more_words_than_anybody_can_speak_are_dropped(self) -> None:
        story = " ".join(f"word{number}" for number in range(40))
        assert judge([decoded(story)], 2.0, ()).text == ""
        assert judge([decoded(story)], 12.0, ()).text == story

    def test_a_quick_short_answer_is_not_too_many_words(self) -> None:
        assert judge([decoded("Yes, you got it.")], 0.4, ()).text == "Yes, you got it."


class TestDoubt:
    def test_probable_text_is_not_doubted(self) -> None:
        assert not doubtful(decoded("Yes, you got it."))

    def test_improbable_text_is_doubted(self) -> None:
        assert doubtful(decoded("Yes, you got it.", logprob=-1.01))

    def test_repetitive_text_is_doubted(self) -> None:
        assert doubtful(decoded("yes " * 40))

    def test_no_text_is_not_doubted(self) -> None:
        assert not doubtful(decoded(""))


class TestLoops:
    @pytest.mark.parametrize(
        ("said", "kept", "loops"),
        [
            ("no no no", "no no no", 0),
            ("No, no, no, no, no.", "No,", 1),
            ("I feel I feel", "I feel I feel", 0),
            ("I feel sad. I feel sad. I feel sad. I feel sad.", "I feel sad.", 1),
            ("well I mean I mean I mean it", "well I mean it", 1),
            ("you you you you and me me me me", "you and me", 2),
            ("one two three", "one two three", 0),
            ("", "", 0),
        ],
    )
    def test_are_said_once(self, said: str, kept: str, loops: int) -> None:
        assert collapse_loops(said) == (kept, loops)

    def test_cost_confidence(self) -> None:
        plain = judge([decoded("I feel sad.")], 9.0, ())
        looped = judge([decoded("I feel sad. " * 4)], 9.0, ())
        assert looped.text == "I feel sad."
        assert looped.confidence == pytest.approx(plain.confidence / 2, abs=0.01)


class TestNames:
    @pytest.mark.parametrize(
        ("said", "written"),
        [
            ("I told Anna about it.", "I told Ana about it."),
            ("I told Hannah about it.", "I told Hannah about it."),
            ("Anna, are you ready?", "Ana, are you ready?"),
            ("When I came home Benn was there.", "When I came home Ben was there."),
            ("I have been sad.", "I have been sad."),
            ("Been there.", "Been there."),
            ("Ben was there.", "Ben was there."),
            ("It was like that. And then he left.", "It was like that. And then he left."),
            ("I said Monday.", "I said Monday."),
            ("I told Ana's mother.", "I told Ana's mother."),
        ],
    )
    def test_are_spelled_as_the_partners_do_and_nothing_else_is_touched(self, said: str, written: str) -> None:
        assert correct_names(said, ("Ana", "Ben")) == written

    def test_without_names_nothing_changes(self) -> None:
        assert correct_names("I told Anna.", ()) == "I told Anna."

    def test_a_name_of_more_than_ascii_is_known(self) -> None:
        assert correct_names("I told Zoe.", ("Zoë",)) == "I told Zoe."
        assert correct_names("Ich habe Jurgen gesagt.", ("Jürgen",)) == "Ich habe Jürgen gesagt."
