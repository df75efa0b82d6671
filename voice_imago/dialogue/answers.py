"""Ask steps: what an answer means and whose answer counts.

Only the partner who is asked moves the step. Where a partner should ask aloud (`asker`), that partner's voice
puts the question; a voice that is not known is judged by its words.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Literal

from voice_imago.dialogue import depth
from voice_imago.dialogue.guide import Guide
from voice_imago.dialogue.openings import Sent
from voice_imago.dialogue.replies import SURE
from voice_imago.dialogue.reply_opinions import FAMILIES
from voice_imago.dialogue.script import (
    Step,
    Target,
)
from voice_imago.dialogue.script_names import (
    MIRROR_GRAPH,
)
from voice_imago.dialogue.script_shape import number_range
from voice_imago.dialogue.slots import Slot
from voice_imago.dialogue.state import LISTENING, Phase
from voice_imago.dialogue.turns import FILLER_S, GIVE_UP_S
from voice_imago.dialogue.when import When
from voice_imago.events import UNKNOWN, Expect, Publish, Reply, Speaker, TurnEnded, TurnHeard, Utterance, WordsKnown

__all__ = ["Answers", "expected", "keyed", "options_prompt", "reminder_prompt", "target"]

TALK_S = 3.0
"""Speech longer than this is no short answer but somebody going on (used only when there are no words)."""
DIGITS = "0123456789x"
"""Keys of the numbers; X is ten."""
KEYED_DATES = tuple(When(days=days, part="evening") for days in (0, 1, 2))
"""Keys 1, 2 and 3 where a day is asked for: tonight, tomorrow evening, the evening after; or ``Step.days``."""
CHECK_STEP = "check"
"""The step of the mirror graph in which the sender says whether the mirror was right."""
CERTAIN = 0.8
"""Confidence of a recogniser of answers, 0..1, below which the guide says what it understood."""


def expected(step: Step) -> Collection[str]:
    """The meanings that ``Replies.meaning`` should look for."""
    wanted = ["number" if meaning.startswith("number:") else meaning for meaning in step.on if meaning != "skip"]
    return [*wanted, "question"] if step.asker else wanted


def target(step: Step, meaning: str) -> Target | None:
    """Where a meaning leads; "partly" counts as no where the step does not tell them apart."""
    if meaning == "skip":
        return None
    if meaning == "partly" and "partly" not in step.on:
        meaning = "no"
    kind, _, value = meaning.partition(":")
    if kind == "number" and value:
        return _number_target(step, int(value))
    return step.on.get(kind if kind in FAMILIES else meaning)


def _number_target(step: Step, number: int) -> Target | None:
    for meaning, there in step.on.items():
        if number in (number_range(meaning) or ()):
            return there
    return step.on.get("number")


def choices(step: Step) -> list[str]:
    """The step's choices in the order in which they are offered."""
    return [meaning for meaning in step.on if meaning.startswith("choice:")]


def keyed_dates(step: Step) -> tuple[When, ...]:
    """The days of the keys 1, 2, 3 where a day is asked for."""
    return tuple(When(days=days) for days in step.days) or KEYED_DATES


def keyed(step: Step, key: str) -> str | None:
    """The meaning of a key: y, n, a number, a choice, a partner or a day; None: it means nothing here."""
    offered, family = choices(step), _family(step)
    number = DIGITS.find(key) if len(key) == 1 else -1
    if family == "number" and number >= 0:
        return f"number:{number}"
    if family == "name":
        offered = ["name:0", "name:1"]
    elif family == "date" and not offered:
        offered = [f"date:{when.code}" for when in keyed_dates(step)]
    if 1 <= number <= len(offered):
        return offered[number - 1]
    offered = choices(step)
    meaning = {"y": "yes", "n": "no"}.get(key)
    if meaning in step.on:
        return meaning
    if offered and meaning and "yes" not in step.on:
        return offered[0] if meaning == "yes" else offered[-1]
    return None


def key_prompt(step: Step) -> str:
    """The prompt that explains the keys of this step."""
    family = _family(step)
    if family == "number":
        return "guide.by_key_number"
    if "yes" in step.on or "no" in step.on:
        return "guide.by_key"
    if choices(step) or step.days:
        return "guide.by_key_choice"
    return {"name": "guide.which_key", "date": "guide.by_key_date"}.get(family, "guide.by_key_choice")


def options_prompt(step: Step) -> str:
    """The prompt that names the possible answers."""
    family = _family(step)
    if family == "date":
        return "guide.answer_or_date" if "yes" in step.on else "guide.answer_date"
    if family:
        return f"guide.answer_{family}"
    return "guide.answer_options" if "partly" in step.on else key_prompt(step)


def reminder_prompt(step: Step) -> str:
    """What is said of the possible answers in a silence."""
    plain = not _family(step) and ("yes" in step.on or "no" in step.on)
    return "guide.answer_options" if plain else options_prompt(step)


def _family(step: Step) -> str:
    """What kind of value the step asks for; empty: none."""
    wanted = expected(step)
    return next((family for family in ("number", "name", "date") if family in wanted), "")


class Answers:
    """Understands what is said in steps that can be answered."""

    def __init__(self, guide: Guide) -> None:
        self._guide = guide

    # ------------------------------------------------------------------ what came in

    def heard(self, turn: TurnHeard) -> None:
        """Somebody spoke in an ask step: understand it now, or wait for the words."""
        guide, ended = self._guide, turn.ended
        if turn.utterances is None and guide.words == "nothing":
            self._without_words(ended)
        elif guide.words == "answers" and self._goes_on_talking(ended):
            self._go("talk", ended.speaker)
        elif turn.utterances is not None:
            self.understand(turn.utterances)
        else:
            self.wait_for_words(ended)

    def words_came(self, fact: WordsKnown) -> None:
        """The words of an answer arrived, perhaps while the question is being asked again."""
        guide = self._guide
        guide.state = replace(guide.state, answer_turns=guide.state.answer_turns - {fact.turn})
        if guide.state.phase in LISTENING:
            self.understand(fact.utterances)
        elif guide.state.open_question:
            for utterance in fact.utterances:
                if self._answered(utterance):
                    return

    def understand(self, utterances: Sequence[Utterance]) -> None:
        """Move on the first utterance that answers; an answer that is not sure is asked again."""
        guide = self._guide
        missed: Utterance | None = None
        for utterance in utterances:
            if not utterance.text and guide.words == "speech":
                continue  # a cough, a chair: nothing was said
            if self._answered(utterance):
                return
            if self._counts(utterance.speaker) and not self._was_the_question(utterance):
                missed = utterance
        if any(utterance.text and not self._counts(utterance.speaker) for utterance in utterances):
            guide.state = replace(guide.state, refused=tuple(utterances))
        if guide.state.phase is Phase.DECIDING and guide.state.answer_turns:
            guide.emit(Expect(guide.window()))  # another answer is on its way
        elif missed is not None:
            self.not_understood(missed.speaker)
        else:
            guide.listen_on()

    def that_was_me(self, utterances: Sequence[Utterance]) -> None:
        """The answer that was not taken came from the right partner after all."""
        actor = self._guide.actor
        self.understand([replace(utterance, speaker=actor) for utterance in utterances])

    def would_answer(self, utterances: Sequence[Utterance]) -> bool:
        """Whether only the voice keeps these words from being the answer."""
        meant = [u for u in utterances if target(self._guide.step, self._meaning(u)) is not None]
        return bool(meant) and not any(self._counts(u.speaker) for u in meant)

    def rest_heard(self, utterances: Sequence[Utterance]) -> None:
        """Somebody spoke in a rest: "ready" ends it, and a rest may have answers of its own."""
        guide, step = self._guide, self._guide.step
        for utterance in utterances:
            if utterance.confidence < SURE:
                continue
            meaning = self._meaning(utterance)
            if step.on and target(step, meaning) is not None:
                self._go(meaning, utterance.speaker, utterance.text, guide.replies.when(utterance.text))
                return
            ready = guide.replies.holds(utterance.text, "ready")
            if ready and guide.replies.meaning(utterance.text, ("yes", "no")) == "yes":
                guide.rest_over()
                return

    def by_key(self, key: str) -> None:
        """A key answers at any time from the prompt on."""
        step = self._guide.step
        meaning = keyed(step, key) if step.do in ("ask", "rest") and self._guide.state.open_question else None
        if meaning is not None:
            days = keyed_dates(step)
            self._go(meaning, "key", when=next((when for when in days if meaning == f"date:{when.code}"), None))

    def due(self) -> None:
        """The words do not come: first a filler, then the question again."""
        guide = self._guide
        if guide.state.filler_said:
            self.not_understood(None)
        else:
            guide.state = replace(guide.state, filler_said=True, deadline=guide.at + GIVE_UP_S - FILLER_S)
            guide.murmur(guide.line("guide.one_moment"))

    def question_asked(self) -> None:
        """The question stands in the room; now only the answer counts."""
        self._guide.state = replace(self._guide.state, asked=True)
        self._guide.listen()

    # ------------------------------------------------------------------ with words

    def wait_for_words(self, ended: TurnEnded) -> None:
        """The answer was given; its words are on their way."""
        guide = self._guide
        guide.state = replace(
            guide.state,
            phase=Phase.DECIDING,
            answer_turns=guide.state.answer_turns | {ended.turn},
            deadline=guide.at + FILLER_S,
            filler_said=False,
        )
        guide.emit(Expect(guide.window()))  # the partner may go on, or the other one answer

    def _answered(self, utterance: Utterance) -> bool:
        """Whether this utterance moved the step."""
        guide = self._guide
        if self._was_the_question(utterance):
            if self._may_be_the_question(utterance):
                guide.state = replace(guide.state, asked=True)
            return False
        meaning = self._meaning(utterance)
        one_breath = guide.step.asker is not None and utterance.speaker == guide.asker
        speaker = guide.actor if one_breath else utterance.speaker
        if target(guide.step, meaning) is None or not self._counts(speaker):
            return False
        if guide.words == "answers" and utterance.confidence < CERTAIN:
            self._confirm(meaning)
        self._go(meaning, speaker, utterance.text, guide.replies.when(utterance.text))
        return True

    def _meaning(self, utterance: Utterance) -> str:
        if utterance.confidence < SURE:
            return "unclear"
        guide, text = self._guide, utterance.text
        by = utterance.speaker if guide.actor is None else guide.actor
        meaning = guide.replies.meaning(text, expected(guide.step), by)
        when = guide.replies.when(text) if meaning == "date" else None
        return meaning if when is None else f"date:{when.code}"

    def _was_the_question(self, utterance: Utterance) -> bool:
        """The one who is to ask spoke. Both in one breath ("did I get it? – yes") are the answer."""
        guide = self._guide
        if guide.step.asker is None:
            return False
        meaning = self._meaning(utterance)
        if utterance.speaker == guide.asker:
            both = meaning != "question" and guide.replies.holds(utterance.text, "question")
            return not (both and target(guide.step, meaning) is not None)
        return meaning == "question" and utterance.speaker != guide.actor

    def _may_be_the_question(self, utterance: Utterance) -> bool:
        """Not when the words are something else: then the partner still goes on with the step before."""
        understood = self._guide.words == "speech" and utterance.confidence >= SURE and bool(utterance.text)
        return not understood or self._guide.replies.holds(utterance.text, "question")

    def _counts(self, speaker: Speaker | None) -> bool:
        """Whether this voice may answer: the one that is asked, or one that is not known."""
        actor = self._guide.actor
        if speaker == UNKNOWN and self._guide.voices == "known":
            return False  # neither partner's, as far as can be told
        return actor is None or speaker not in (0, 1) or speaker == actor

    def _confirm(self, meaning: str) -> None:
        """Say in passing what was understood, before whatever is said next (domain §5.3)."""
        guide, key = self._guide, f"guide.heard_{meaning}"
        if guide.wording.knows(key):
            guide.say_before_the_next(guide.line(key))

    def _go(self, meaning: str, by: Speaker | Literal["key"] | None, text: str = "", when: When | None = None) -> None:
        guide, where = self._guide, target(self._guide.step, meaning)
        if where is None:
            return
        guide.emit(Publish(Reply(guide.at, guide.step.id, meaning, by)))
        self._keep(meaning, when)
        guide.state = replace(guide.state, asked=False)
        self._note_mirror(meaning, text)
        guide.follow(guide.walker.follow(guide.state, where))

    def _keep(self, meaning: str, when: When | None) -> None:
        """Keep the answer if the step says so; where a day was proposed, a yes is that day."""
        guide, step = self._guide, self._guide.step
        if meaning == "yes" and step.days:
            when = keyed_dates(step)[0]
            meaning = f"date:{when.code}"
        kind = meaning.partition(":")[0]
        if step.keep and (kind in FAMILIES or kind == "choice"):
            guide.state = guide.state.keep(step.keep, Slot(meaning, when=when if kind == "date" else None))

    def _note_mirror(self, meaning: str, text: str | None) -> None:
        """A mirror was found right; or somebody goes on talking instead of answering: that is the next piece."""
        guide, state = self._guide, self._guide.state
        if meaning == "talk":
            sent = Sent(state.last_turn, state.last_end - state.last_start, text)
            guide.state = replace(state, sent=sent, mirror_turn=0, mirror_text=None)
        elif meaning == "yes" and state.call.graph == MIRROR_GRAPH and guide.step.id == CHECK_STEP:
            guide.state = replace(state, confirmed=state.mirror_turn)
            if state.mirror_text:
                guide.state = guide.state.keep("last_mirrored", Slot("words", state.mirror_text.rstrip(" .")))
            depth.piece_done(guide)

    def not_understood(self, speaker: Speaker | None) -> None:
        """First the question again, shorter; then the answers by name; then the keys (domain §5.5)."""
        guide, step = self._guide, self._guide.step
        guide.state = replace(guide.state, unclear=guide.state.unclear + 1)
        guide.emit(Publish(Reply(guide.at, step.id, "unclear", speaker)))
        key = {2: options_prompt(step)}.get(guide.state.unclear, key_prompt(step))
        guide.speak([guide.short_line() if guide.state.unclear == 1 else guide.line(key)], "listen")

    # ------------------------------------------------------------------ without words

    def _goes_on_talking(self, ended: TurnEnded) -> bool:
        """Speech too long for an answer, by the one who is asked whether there is more."""
        guide = self._guide
        long = (ended.speech_s or ended.end - ended.start) > TALK_S
        return long and "talk" in guide.step.on and self._counts(ended.speaker)

    def _without_words(self, ended: TurnEnded) -> None:
        guide, step = self._guide, self._guide.step
        if self._goes_on_talking(ended):
            self._go("talk", ended.speaker)
        elif step.asker and not guide.state.asked and ended.speaker in (None, -1, guide.asker):
            self.question_asked()
        elif not self._counts(ended.speaker):
            guide.listen_on()
        else:
            guide.speak([guide.line(key_prompt(step))], "listen")
