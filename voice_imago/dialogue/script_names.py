"""The names that the program and the files in ``prompts/`` have in common: graphs, tasks, commands, keys, slots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from voice_imago.words import Task

MIRROR_GRAPH: Final = "mirror"
TIME_OUT_GRAPH: Final = "time_out"
STOP_GRAPH: Final = "stop"
FLOODED_GRAPH: Final = "flooded"
ROOM_GRAPH: Final = "room"
VOICES_GRAPH: Final = "voices"
ROOM_CHECK_GRAPH: Final = "room_check"
ECHO_GRAPH: Final = "echo"
MODEL_GRAPH: Final = "model"
HEAR_ME_GRAPH: Final = "hear_me"
PAUSE_HERE_GRAPH: Final = "pause_here"
DELETE_GRAPH: Final = "delete"
KEPT_GRAPH: Final = "what_is_kept"
CONSENT_GRAPH: Final = "consent"
HELP_GRAPH: Final = "find_help"
TOPIC_GRAPH: Final = "another_topic"
CHECKS_GRAPH: Final = "private_checks"
ASIDES: Final = frozenset((
    TIME_OUT_GRAPH, STOP_GRAPH, FLOODED_GRAPH, ROOM_GRAPH, VOICES_GRAPH, ROOM_CHECK_GRAPH, ECHO_GRAPH, MODEL_GRAPH,
    HEAR_ME_GRAPH, PAUSE_HERE_GRAPH, DELETE_GRAPH, KEPT_GRAPH, HELP_GRAPH, TOPIC_GRAPH, CHECKS_GRAPH,
))  # fmt: skip
"""Shared graphs that commands, the facilitator and the start of an evening enter."""
BREAKS: Final = frozenset((TIME_OUT_GRAPH, FLOODED_GRAPH, PAUSE_HERE_GRAPH))
"""Those after which nobody goes on playing a part (``Graph.exit``)."""
KNOWN_SLOTS: Final[Mapping[str, str]] = {
    "dialogue": "the dialogue that was asked for on the command line; empty: the menu asks",
    "sessions": "sessions finished so far",
    "dialogues": "couples dialogues finished so far",
    "appreciations": "appreciations finished so far",
    "due": "what was agreed and is due, in words",
    "dates": "the dates of today and tomorrow, in words",
    "overdue": "a date that went by, in words, and whether there should be a new one",
    "unfinished": "what the step is called at which the last session was broken off",
    "keeping": "what both agreed to be kept: none, counts, notes, transcript",
    "notice": "the notice has been heard in full on an earlier evening",
    "deep": "deep dialogues were switched on in the settings",
    "word_aid": "a gentler beginning is offered to a sender who says always or never",
    "emergency": "what to call in an emergency, if that was verified within a year",
    "last_mirrored": "the last mirror that was found right",
    "minutes": "minutes since the session began",
    "times": "how often this kind of dialogue was finished by now",
    "surface": "pieces in a row, in the mirror at hand, that hold none of the words of the list 'deeper'",
    "disclosed": "what kind of harm was just spoken of",
    "alone": "only one partner is at the table (a graph with alone = true); empty: both are",
    "understanding": "what is understood of what is said: speech, answers, nothing",
    "muted": "in which way the guide is not reached: voice (it is only read), text (it is only heard), nothing",
}
"""Slots that the program fills; every other one is kept by a step, or recalled by a task."""
ALWAYS_KNOWN: Final = frozenset({"minutes"})
"""Slots that are never empty."""
OUTCOMES: Final[Mapping[Task, tuple[str, ...]]] = {
    "check_room": ("good", "louder", "silent"),
    "measure_room": ("good", "noisy", "restless", "silent"),
    "measure_echo": ("good", "unheard", "ringing", "overloud"),
    "test_echo": ("full", "half"),
    "learn_voice": ("good", "too_short", "too_quiet", "clipped", "noisy"),
    "tell_apart": ("good", "too_alike", "missing"),
    "keep_voices": ("good", "failed"),
    "learn_turn": ("more", "good", "too_alike"),
    "store": ("good", "not_kept", "locked"),
    "recall": ("good", "nothing", "locked"),
    "consent": ("good",),
    "forget": ("good", "nothing"),
    "unlock": ("good", "new", "wrong"),
    "take_up": ("good",),
    "look_for_model": ("here", "untried", "none", "base", "tiny"),
    "choose_model": ("good", "here", "english", "likely_slow"),
    "fetch_model": ("good", "offline", "silent", "full", "damaged", "cut", "missing", "cancelled"),
    "try_model": ("good", "slow", "too_slow"),
    "use_model": ("good",),
    "decline_model": ("good",),
    "another_voice": ("good", "only"),
    "know_sound": ("good",),
    "keep_way": ("good",),
}
"""What may come of each task; the same table as in ``effects.Perform``."""
KEPT_THINGS: Final = (
    "request",
    "kept_request",
    "appointment",
    "note",
    "vision",
    "caring",
    "fun",
    "pledge",
    "workup",
    "finished",
)
"""What can be stored and recalled; the workup for its owner alone."""
EARCONS: Final = ("listening", "time", "paused", "done", "fault")
"""Short tones, each with one meaning that is also said (domain A7, A8)."""
WHATS: Final[Mapping[Task, tuple[str, ...]]] = {
    "store": (*KEPT_THINGS, "notice", "set_up", "old_dates"),
    "recall": KEPT_THINGS,
    "consent": ("", "withdrawn"),
    "take_up": ("", "declined"),
    "forget": ("session", "everything"),
    "look_for_model": ("", "smaller"),
    "choose_model": ("tiny", "base", "small", "several"),
    "know_sound": EARCONS,
    "keep_way": ("voice", "text", "both", "sounds", "words"),
}
"""The tasks that a step has to say more about, and what it may say; "" where it may be left out."""
TASK_S: Final = 30.0
"""Seconds after which a task that has not answered counts as failed ..."""
LONG_S: Final[Mapping[Task, float]] = {"fetch_model": 90.0, "try_model": 240.0, "use_model": 90.0, "unlock": 300.0}
"""... and of those that may take longer; any ``Progressed`` renews them."""
CANCELLABLE: Final = ("fetch_model",)
"""Tasks that skipping gives up, instead of leaving them behind."""
ANY_OUTCOME: Final = ("unavailable", "failed")
"""What may come of every task: the runtime cannot do it; it did not answer in time."""
TURN_TASK: Final = "learn_voice"
"""The only task of a ``turn`` step: it needs the sound of the turn."""
SUPPLY_AFTER_S: Final = 4.0
"""Seconds of silence after which the guide supplies a question that a partner was to ask."""

COMMANDS: Final = (
    "repeat", "pause", "go_on", "skip", "time_out", "stop", "help", "slower", "faster", "louder", "softer",
    "lower", "higher", "another_voice",
    "where", "back", "done", "that_was_me", "not_me", "learn_voices", "check_room", "speech_model",
    "whose_turn", "how_long", "what_is_kept", "delete", "find_help", "another_topic",
    "private_check", "more_time", "usual_time", "word_aid",
    "text_only", "voice_only", "voice_and_text", "sounds",
)  # fmt: skip
"""Every command; each language has phrases for all of them."""
ADDRESS_KEY: Final = "guide.first_address"
"""Which of two ways to address the couple; where the language has two."""
GUIDE_KEYS: Final = frozenset(
    "guide." + name
    for name in (
        # beginning and end
        "hello", "hello_setup", "limits", "goodbye", "help_resources", "no_recogniser", "answers_only", "no_microphone",
        # waiting
        "take_time", "stay_skip_stop", "pausing_now", "stem", "one_moment", "ready_question",
        # answers
        "answer_options", "answer_number", "answer_name", "answer_date", "answer_or_date", "by_key", "by_key_choice",
        "by_key_number", "by_key_date", "heard_yes", "heard_no", "heard_partly",
        # voices
        "which_voice", "which_key", "floor_back", "third_voice", "voices_learning", "voices_known", "voices_alike",
        # commands
        "paused", "resumed", "stopped", "skip_not", "skipped", "help", "keys", "where", "whose_turn", "how_long",
        "kept_none", "kept_counts", "kept_notes", "kept_transcript", "slower", "faster",
        "louder", "softer", "slowest", "fastest", "loudest", "softest", "lower", "higher", "lowest",
        "highest", "another_voice", "only_voice", "voice_missing", "more_time", "usual_time", "no_limit",
        # earcons: what each means, once, or words in its place
        "sound_listening", "sound_time", "sound_paused", "sound_done", "sound_fault", "instead_listening",
        "instead_time", "words_for_sounds", "sounds_again",
        # reached by ear, by eye, or both
        "text_only", "voice_only", "voice_and_text",
        # the first start, before anybody is known
        "first_language", "first_ways", "first_number", "first_loudspeaker", "first_microphone",
        "first_which_microphone", "first_name", "first_other_name", "first_names_right", "first_name_unspoken",
        "first_names_same",
        # gentle moves
        "floor_1", "floor_2", "floor_3", "one_voice", "let_catch", "one_sentence", "mirror_first", "mirror_for_now",
        "only_their_words", "hold_that", "mirror_then_ask", "smaller_or_pause", "no_hurry", "try_when",
        "word_aid", "word_aid_off",
        # faults: <part>_lost or <part>_failed, and <part>_back
        "microphone_lost", "microphone_back", "loudspeaker_lost", "loudspeaker_back", "recogniser_failed",
        "recogniser_back", "voice_failed", "voice_replaced", "voice_back", "detector_failed", "detector_back",
        "journal_failed", "journal_back", "journal_full", "journal_late", "journal_aside", "echo_lost", "echo_back",
        "microphone_silent", "settings_failed",
        # the journal
        "welcome_back", "last_mirrored", "unfinished", "practice_none", "practice_one", "practice", "practice_kind",
        "practice_appreciations", "practice_requests", "practice_days", "due_yesterday", "due_days", "due_week",
        "due_weeks", "due_unnamed", "date_today", "date_tomorrow", "date_days", "date_over", "date_today_unnamed",
        "date_tomorrow_unnamed", "date_days_unnamed", "date_over_unnamed",
        # a speech model that is fetched
        "quarter_here", "half_here", "three_quarters_here", "fetch_stopped", "whole_sentences",
        # the speech server at home
        "home_recogniser", "home_voice", "home_unreached", "home_lost", "home_back",
    )
)  # fmt: skip
"""Prompts that no graph names and the guide needs all the same."""
