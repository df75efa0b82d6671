"""The global words: valid at every step, by voice and by key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from voice_imago.dialogue import word_aid
from voice_imago.dialogue.aloneness import is_alone
from voice_imago.dialogue.answers import options_prompt
from voice_imago.dialogue.guide import Guide
from voice_imago.dialogue.pace import NO_LIMIT, changed
from voice_imago.dialogue.script_names import (
    CHECKS_GRAPH,
    CONSENT_GRAPH,
    DELETE_GRAPH,
    HELP_GRAPH,
    KEPT_GRAPH,
    MODEL_GRAPH,
    PAUSE_HERE_GRAPH,
    ROOM_CHECK_GRAPH,
    STOP_GRAPH,
    TIME_OUT_GRAPH,
    TOPIC_GRAPH,
    VOICES_GRAPH,
)
from voice_imago.dialogue.state import Phase
from voice_imago.dialogue.tuning import LIMITS, Tunings, VoiceTuning, gentler
from voice_imago.dialogue.wording import meant_for
from voice_imago.events import Cancel, Command, Hush, Mute, Partner, Publish, TuneVoice, VoiceTuned

__all__ = ["Commands", "VoiceTuning"]

_MUTES: dict[str, Literal["", "voice", "text"]] = {"text_only": "voice", "voice_only": "text", "voice_and_text": ""}
"""Command -> what is mute from then on."""
CANCEL_S = 10.0
"""Seconds in which a task that is given up has to be gone."""


class Commands:
    """Does what was commanded, in whatever phase."""

    def __init__(self, guide: Guide) -> None:
        self._guide = guide
        self.tunings: Tunings = guide.course.tunings
        self._table: dict[str, Callable[[Command], None]] = {
            "repeat": self._repeat,
            "pause": self._pause,
            "go_on": self._go_on,
            "done": self._go_on,
            "skip": self._skip,
            "time_out": self._time_out,
            "stop": self._stop,
            "learn_voices": lambda command: self._enter_aside(VOICES_GRAPH, command),
            "speech_model": lambda command: self._enter_aside(MODEL_GRAPH, command),
            "check_room": lambda command: self._enter_aside(ROOM_CHECK_GRAPH, command),
            "help": self._help,
            "where": self._where,
            "whose_turn": lambda command: self._tell("guide.whose_turn"),
            "how_long": self._how_long,
            "what_is_kept": self._kept,
            "delete": lambda command: self._enter_aside(DELETE_GRAPH, command),
            "find_help": lambda command: self._enter_aside(HELP_GRAPH, command),
            "another_topic": lambda command: self._enter_aside(TOPIC_GRAPH, command),
            "private_check": lambda command: self._enter_aside(CHECKS_GRAPH, command),
            "back": self._back,
            "slower": self._tune,
            "faster": self._tune,
            "louder": self._tune,
            "softer": self._tune,
            "lower": self._tune,
            "higher": self._tune,
            "another_voice": self._another_voice,
            "text_only": self._mute,
            "voice_only": self._mute,
            "voice_and_text": self._mute,
            "sounds": self._change_sounds,
            "more_time": self._change_pace,
            "usual_time": self._change_pace,
            "word_aid": self._word_aid,
        }

    def obey(self, command: Command) -> None:
        """Carry a command out; a name without a meaning here is no fault."""
        if self._leaving:
            self._leave(command)
        elif command.name in self._table:
            self._table[command.name](command)

    @property
    def _leaving(self) -> bool:
        """The key has stopped the session and the guide is saying goodbye."""
        state = self._guide.state
        return state.phase is Phase.SPEAKING and state.after == "stop"

    def _leave(self, command: Command) -> None:
        """Nothing calls a stopped session back; stop again ends the goodbye too."""
        if command.name == "stop":
            self._guide.emit(Hush())
            self._guide.finish("stopped")
        elif command.name in ("done", "go_on", "skip"):
            self._guide.emit(Hush())

    def _repeat(self, command: Command) -> None:
        """What was said last; where the guide has said nothing yet, what it would say."""
        guide, state = self._guide, self._guide.state
        if state.phase is Phase.SPEAKING:
            guide.say_first()
        elif state.said:
            guide.aside(state.said)
        elif state.phase is Phase.GRACE and not guide.turn_open:
            guide.speak([guide.prompt_line()], "listen")
        else:
            guide.aside([guide.short_line()])

    def _pause(self, command: Command) -> None:
        """The key pauses and goes on in turn; the word only ever pauses."""
        guide, state = self._guide, self._guide.state
        pausing = state.phase is Phase.SPEAKING and state.after == "pause"
        if command.by == "key" and (pausing or state.phase is Phase.PAUSED):
            self._go_on(command)
            return
        guide.note_rest()
        guide.chime("paused")
        guide.speak([guide.line("guide.paused")], "pause")

    def _go_on(self, command: Command) -> None:
        """Go on: out of a pause or a rest, past a prompt, past a turn that the microphone did not hear."""
        guide, state = self._guide, self._guide.state
        phase = state.phase
        if phase is Phase.PAUSED or (phase is Phase.SPEAKING and state.after == "pause"):
            guide.chime("listening")
            guide.speak([guide.line("guide.resumed")], "again")
        elif phase is Phase.SPEAKING:
            guide.emit(Hush())
        elif phase is Phase.RESTING:
            guide.rest_over()
        elif phase is Phase.WORKING:
            guide.aside([guide.line("guide.one_moment")])
        elif command.by == "key":
            self._done_by_key()

    def _done_by_key(self) -> None:
        guide = self._guide
        if guide.step.do == "turn":
            guide.follow(guide.walker.mirror(guide.state))
        elif guide.state.phase is Phase.GRACE:
            guide.state = replace(guide.state, asked=True)
            guide.listen()
        else:
            guide.speak([guide.line(options_prompt(guide.step))], "listen")

    def _skip(self, command: Command) -> None:
        guide, step, state = self._guide, self._guide.step, self._guide.state
        passing = state.phase is Phase.SPEAKING and state.after in ("step", "finish")
        if self._gives_up():
            return
        if passing or step.do == "end":
            guide.emit(Hush())
        elif step.skippable:
            if step.do in ("turn", "ask") and step.microphone:  # where only keys are heard, every key sounds the same
                guide.say_before_the_next(guide.line("guide.skipped"))
            guide.follow(guide.walker.skip(guide.state))
        else:
            guide.aside([guide.line("guide.skip_not")])

    def _gives_up(self) -> bool:
        """Whether skipping gave the task up that is being waited for: its outcome tells when nothing of it is left."""
        guide = self._guide
        waiting = guide.state.beneath
        if waiting.phase is not Phase.WORKING or not guide.running:
            return False
        if waiting is not guide.state:
            guide.hush()
            guide.back()
        guide.state = replace(guide.state, murmurs=(), deadline=guide.at + CANCEL_S)
        guide.emit(Cancel(guide.running))
        return True

    def _time_out(self, command: Command) -> None:
        self._enter_aside(TIME_OUT_GRAPH, command)

    def _stop(self, command: Command) -> None:
        """By key at once; by voice only after asking, since a word can be misheard."""
        guide = self._guide
        if command.by != "key":
            self._enter_aside(STOP_GRAPH, command)
            return
        lines = [*guide.give_up(), *guide.out_of_the_part(), guide.line("guide.stopped"), guide.line("guide.goodbye")]
        guide.speak(lines, "stop")

    def _enter_aside(self, graph: str, command: Command) -> None:
        """Leave the step for a while; who is already there hears again what is being asked."""
        guide = self._guide
        if any(call.graph == graph for call in guide.state.calls):
            self._repeat(command)
            return
        guide.enter_aside(graph)

    def _help(self, command: Command) -> None:
        guide, state, prompt = self._guide, self._guide.state, self._guide.step.prompt
        lines = [guide.line("guide.help"), guide.line("guide.keys"), guide.line("guide.help_resources")]
        if state.beneath.phase is not Phase.PAUSED and prompt:
            person = guide.asker if guide.step.asker else guide.actor
            lines.append(meant_for(guide.wording.line(prompt, guide.roles(), form="first"), person))
            if guide.wording.has_stem(prompt, guide.roles()):
                lines.append(meant_for(guide.wording.next_stem(prompt, guide.roles()), person))
        guide.aside(lines)

    def _where(self, command: Command) -> None:
        guide = self._guide
        number, count = guide.walker.position(guide.state)
        title = guide.wording.title(guide.step.prompt) if guide.step.prompt else ""
        guide.aside([guide.line("guide.where", number=str(number), count=str(count), title=title)])

    def _how_long(self, command: Command) -> None:
        number, count = self._guide.walker.position(self._guide.state)
        self._tell("guide.how_long", count=str(max(0, count - number)))

    def _kept(self, command: Command) -> None:
        """Told, and asked whether to change it; who is alone, or being asked already, is only told."""
        state = self._guide.state
        asked = any(call.graph in (CONSENT_GRAPH, PAUSE_HERE_GRAPH) for call in state.calls)
        if not asked and not is_alone(state, self._guide.script.graphs):
            self._enter_aside(KEPT_GRAPH, command)
            return
        slot = self._guide.state.slots.get("keeping")
        level = "none" if slot is None else slot.meaning.partition(":")[2]
        self._tell(f"guide.kept_{level}")

    def _tell(self, key: str, **more: str) -> None:
        self._guide.aside([self._guide.line(key, **more)])

    def _back(self, command: Command) -> None:
        self._guide.follow(self._guide.walker.back(self._guide.state))

    def _whose(self, command: Command) -> Partner | None:
        """Whose way is meant: of whoever said so, else of whom the step asks about it; else both are."""
        if command.by in (0, 1):
            return command.by
        return self._guide.actor if self._guide.step.tunes else None

    def _tune(self, command: Command) -> None:
        before, whose = self.tunings, self._whose(command)
        first, second = (
            one.changed(command.name) if whose in (None, partner) else one for partner, one in enumerate(before)
        )
        self.tunings = (first, second)
        changes: tuple[tuple[Partner | None, VoiceTuning, VoiceTuning], ...] = (
            (0, before[0], first), (1, before[1], second), (None, gentler(before), gentler(self.tunings))
        )  # fmt: skip
        for to, old, new in changes:
            if new != old:
                self._guide.emit(TuneVoice(new.rate, new.volume, new.pitch, to))
                self._guide.emit(Publish(VoiceTuned(self._guide.at, to, new.rate, new.volume, new.pitch)))
        key = command.name if self.tunings != before else LIMITS[command.name]
        self._guide.aside([replace(self._guide.line(f"guide.{key}"), to=whose, fresh=True)])

    def _another_voice(self, command: Command) -> None:
        self._guide.ask_beside("another_voice", partner=self._whose(command))

    def _word_aid(self, command: Command) -> None:
        guide, on = self._guide, not word_aid.is_on(self._guide.state)
        guide.state = word_aid.switched(guide.state, on=on)
        guide.aside([guide.line("guide.word_aid" if on else "guide.word_aid_off")])

    def _mute(self, command: Command) -> None:
        """Only read, only heard, or both; the key that muted something brings it back. Told in both ways."""
        guide = self._guide
        wanted, key = _MUTES[command.name], command.name
        if command.by == "key" and guide.course.mute == wanted:
            wanted, key = "", "voice_and_text"
        guide.course = replace(guide.course, mute=wanted)
        guide.ask_beside("keep_way", wanted or "both")
        guide.emit(Mute(wanted, f"guide.{key}"))
        guide.aside([guide.line(f"guide.{key}")])

    def _change_sounds(self, command: Command) -> None:
        """Words in place of the short sounds, or sounds again."""
        guide = self._guide
        wanted: Literal["sounds", "words"] = "words" if guide.course.earcons == "sounds" else "sounds"
        guide.course = replace(guide.course, earcons=wanted)
        guide.ask_beside("keep_way", wanted)
        guide.aside([guide.line("guide.words_for_sounds" if wanted == "words" else "guide.sounds_again")])

    def _change_pace(self, command: Command) -> None:
        guide = self._guide
        guide.pace = changed(guide.pace, more=command.name == "more_time")
        guide.aside([guide.line("guide.no_limit" if guide.pace == NO_LIMIT else f"guide.{command.name}")])
