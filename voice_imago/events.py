"""Everything that flows through the house. READ THIS FIRST.

    runtime ── inputs ──►  Session  ── effects ──► runtime
                             │
                             └─ facts: what hearing and dialogue concluded; each is published as one
                                line of the event stream (design §3.1) and heard by the dialogue

*Inputs* arrive from the outside, *facts* are past tense and concluded by the core, *effects* are imperative
and ask the runtime to do something. ``at`` is always seconds on the audio clock (samples received / sample
rate) since the session began; nothing in the core knows any other time. Requests carry an ``id``; an answer to
an id nobody waits for is dropped.

Partners are known by their index 0 or 1 inside the core and by name on the outside. ``None`` as a speaker means
"not decided"; ``UNKNOWN`` means "decided: neither partner".
"""

from __future__ import annotations

from voice_imago.effects import (
    AnswerKeyed,
    Chime,
    Due,
    Effect,
    Expect,
    Finish,
    Hush,
    Prepare,
    Publish,
    Say,
    SwitchMicrophone,
    Transcribe,
    TuneVoice,
    TurnHeard,
    Utterance,
    Window,
    WordsKnown,
)
from voice_imago.facts import (
    Agreement,
    Backchannel,
    Command,
    Consent,
    Fact,
    Fault,
    HearingFact,
    Interruption,
    Intervention,
    Kept,
    Listening,
    PromptFinished,
    PromptStarted,
    Recovered,
    Reply,
    SessionEnded,
    SessionStarted,
    SpeechEnded,
    SpeechStarted,
    StepEntered,
    Talked,
    Transcript,
    TurnEnded,
    TurnPaused,
    TurnReopened,
    Waited,
)
from voice_imago.inputs import (
    FrameHeard,
    Input,
    KeyPressed,
    LineTyped,
    PartFailed,
    PartRecovered,
    PromptBegan,
    PromptEnded,
    TextReady,
    Ticked,
    VoiceScored,
)
from voice_imago.words import (
    UNKNOWN,
    Form,
    Kind,
    Partner,
    Speaker,
    Why,
)

__all__ = [
    "UNKNOWN",
    "Agreement",
    "AnswerKeyed",
    "Backchannel",
    "Chime",
    "Command",
    "Consent",
    "Due",
    "Effect",
    "Expect",
    "Fact",
    "Fault",
    "Finish",
    "Form",
    "FrameHeard",
    "HearingFact",
    "Hush",
    "Input",
    "Interruption",
    "Intervention",
    "Kept",
    "KeyPressed",
    "Kind",
    "LineTyped",
    "Listening",
    "PartFailed",
    "PartRecovered",
    "Partner",
    "Prepare",
    "PromptBegan",
    "PromptEnded",
    "PromptFinished",
    "PromptStarted",
    "Publish",
    "Recovered",
    "Reply",
    "Say",
    "SessionEnded",
    "SessionStarted",
    "Speaker",
    "SpeechEnded",
    "SpeechStarted",
    "StepEntered",
    "SwitchMicrophone",
    "Talked",
    "TextReady",
    "Ticked",
    "Transcribe",
    "Transcript",
    "TuneVoice",
    "TurnEnded",
    "TurnHeard",
    "TurnPaused",
    "TurnReopened",
    "Utterance",
    "VoiceScored",
    "Waited",
    "Why",
    "Window",
    "WordsKnown",
]
