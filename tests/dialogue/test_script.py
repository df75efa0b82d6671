"""Reading ``prompts/``: what ships is sound; what is wrong is named, all at once, with file, step and key."""

from __future__ import annotations

import dataclasses
import json
import random
import re
import shutil
import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import get_args

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.dialogue.small_copy import english_copy
from voice_imago.dialogue import script_read
from voice_imago.dialogue.script import (
    RETURN,
    ByMode,
    Graph,
    Mode,
    Script,
    Step,
    check_prompts,
    load_script,
    prompts_folder,
    target_for,
)
from voice_imago.dialogue.script_names import (
    ANY_OUTCOME,
    OUTCOMES,
)
from voice_imago.dialogue.script_schema import schemas
from voice_imago.errors import PromptError
from voice_imago.events import Perform, Task

Edit = Callable[[str, str, str], None]


@pytest.fixture(scope="module")
def script() -> Script:
    return load_script()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of what ships, to break."""
    return english_copy(tmp_path / "prompts")


@pytest.fixture
def edit(folder: Path) -> Edit:
    """Replace the first occurrence of a text in a file of the copy."""

    def replaced(file: str, old: str, new: str) -> None:
        if not (folder / file).exists() or old not in (folder / file).read_text("utf-8"):  # of another language
            shutil.copytree(prompts_folder(), folder, dirs_exist_ok=True)
        text = (folder / file).read_text("utf-8")
        assert old in text, f"{old!r} is not in {file}"
        (folder / file).write_text(text.replace(old, new, 1), "utf-8")

    return replaced


# ---------------------------------------------------------------------------------------------- what ships


def test_what_ships_has_no_problem() -> None:
    assert check_prompts() == []


def test_what_is_loaded_cannot_be_changed(script: Script) -> None:
    step = script.graphs["appreciation"].steps["thing"]

    with pytest.raises(dataclasses.FrozenInstanceError):
        step.do = "end"  # type: ignore[misc]
    assert not hasattr(step, "__dict__")


def test_the_patience_is_that_of_the_domain_and_of_what_was_measured(script: Script) -> None:
    timings = script.timings

    assert {kind: timing.end_silence_s for kind, timing in timings.items()} == {
        "answer": 0.7, "mirror": 2.5, "send": 3.5, "validate": 4.0, "setup": 1.2,
    }  # fmt: skip
    assert timings["send"].reminders_s == (20.0, 60.0, 300.0)
    assert timings["send"].talk_limits_s == (30.0, 60.0, 90.0)
    assert timings["send"].remind[-1] == "guide.pausing_now"
    assert timings["answer"].reminders_s == (6.0, 20.0)
    assert (timings["mirror"].reminders_s, timings["mirror"].remind[0]) == ((12.0, 30.0), "stem")


def test_only_the_sender_decides_whether_a_mirror_was_right(script: Script) -> None:
    """And the two questions belong to the receiver (domain §1.0)."""
    mirror = script.graphs["mirror"].steps

    for name in ("check", "more"):
        assert (mirror[name].actor, mirror[name].asker) == ("sender", "receiver")
    for graph, name in (("appreciation", "all_of_it"), ("dialogue", "all_of_it"), ("dialogue", "felt")):
        assert (script.graphs[graph].steps[name].actor, script.graphs[graph].steps[name].asker) == (
            "sender",
            "receiver",
        )


def test_an_appreciation_begins_as_the_scenes_expect(script: Script) -> None:
    appreciation = script.graphs["appreciation"]

    assert appreciation.start == "invite"
    assert appreciation.steps["invite"].on["yes"] == "thing"
    assert (appreciation.steps["thing"].mirror, script.graphs["mirror"].start) == ("loop", "mirror")


def test_a_time_out_rests_twenty_minutes_with_the_microphone_off(script: Script) -> None:
    time_out = script.graphs["time_out"].steps

    assert (time_out["apart"].seconds, time_out["apart"].microphone) == (1200.0, False)
    assert time_out[str(time_out["how_long"].next)] is time_out["apart"]


def test_the_outcomes_that_a_graph_may_name_are_those_that_the_runtime_promises() -> None:
    """The table in the docstring of ``Perform``, read."""
    table: dict[str, set[str]] = {}
    for line in str(Perform.__doc__).splitlines():
        if task := re.match(r" {4}``(\w+)`` ", line):
            table[task[1]] = set()
            line = line.replace(f"``{task[1]}``", "", 1)
        if table:
            table[list(table)[-1]] |= set(re.findall(r"``(\w+)``", line))
    mentioned = {"start", "partner", "end", "what"}

    assert {task: outcomes - mentioned for task, outcomes in table.items()} == {
        task: set(outcomes) for task, outcomes in OUTCOMES.items()
    }
    assert set(OUTCOMES) == set(get_args(Task))
    assert "unavailable" in ANY_OUTCOME


def test_every_outcome_of_every_task_in_the_graphs_leads_somewhere_meant(script: Script) -> None:
    """Either it is named, or what follows says itself that it did not work."""
    for name in ("room", "voices", "room_check", "model"):
        for step in script.graphs[name].steps.values():
            bad = {outcome for outcome in OUTCOMES.get(step.task, ()) if outcome != "good"} if step.task else set()
            if step.task == "look_for_model":  # one question, or the other
                bad -= {"base", "tiny"} if not step.what else {"here", "untried"}
            if step.what == "several":  # asked because of the outcome "english"
                bad -= {"english", "likely_slow"}
            unnamed = bad - set(step.on) - {"restless", "missing", "failed", "none"}
            assert unnamed == set(), step.id


def test_help_lines_that_nobody_verified_say_so(script: Script) -> None:
    """None may be spoken before a person has looked it up (domain §2.6)."""
    lines = [line for lines in script.resources.values() for line in lines]

    assert {"US", "GB", "DE", "FR", "ES", "NL", "TR", "EU"} == set(script.resources)
    assert all(line.verified_on is None and line.source for line in lines)


# ---------------------------------------------------------------------------------------------- walking


class Walk:
    """A couple that answers by rule, walking a graph with the shared mirror behind it."""

    def __init__(self, script: Script, answer: Callable[[Step, list[str]], str]) -> None:
        self.script = script
        self.answer = answer
        self.steps: list[str] = []
        self.visits: dict[tuple[str, str], int] = {}

    def answer_first(self, graph: Graph) -> str:
        """Alone or before a dialogue: the longer way, if there are two."""
        return graph.entrances[-1]

    def run(self, graph: Graph, mode: Mode = "loop") -> str:
        """The name of the end that was reached; ``return`` for a shared graph."""
        name, counts = self._enter(graph, self.answer_first(graph), {}, mode)
        while name != RETURN:
            step = graph.steps[name]
            self.steps.append(step.id)
            assert len(self.steps) < 2000, f"no way out of {self.steps[-20:]}"
            if step.do == "end":
                return name
            choices = [
                *step.on,
                *([] if step.next is None else ["next"]),
                *(f"heard {list_}" for list_ in step.heard),
            ]
            chosen = self.answer(step, choices)
            if step.do == "turn" and step.mirror and chosen == "next":
                assert self.run(self.script.graphs["mirror"], step.mirror) == RETURN
            name, counts = self._enter(graph, self._target(step, chosen, mode), counts, mode)
        return RETURN

    def _target(self, step: Step, chosen: str, mode: Mode) -> str:
        if chosen.startswith("heard "):
            return step.heard[chosen.removeprefix("heard ")]
        target = step.next if chosen == "next" else step.on[chosen]
        assert target is not None
        return target_for(target, mode)

    @staticmethod
    def _enter(graph: Graph, name: str, counts: dict[str, int], mode: Mode) -> tuple[str, dict[str, int]]:
        while name != RETURN and (limit := graph.steps[name].visits) and counts.get(name, 0) >= limit.most:
            name = target_for(limit.then, mode)
        if name == RETURN:
            return name, counts
        counts = {**counts, name: counts.get(name, 0) + 1}
        return name, {step: count for step, count in counts.items() if step not in graph.steps[name].resets}


def prefer(*wishes: str) -> Callable[[Step, list[str]], str]:
    """Answers the first of the wishes that the step offers."""
    return lambda step, choices: next((wish for wish in wishes if wish in choices), choices[0])


HAPPY = prefer("yes", "choice:continue", "next")
NOTHING_MORE = {"more": "no", "enough": "no"}


def happy(step: Step, choices: list[str]) -> str:
    return NOTHING_MORE.get(step.id) or HAPPY(step, choices)


@pytest.mark.parametrize("dialogue", ["appreciation", "dialogue"])
def test_a_couple_that_agrees_reaches_the_end(script: Script, dialogue: str) -> None:
    walk = Walk(script, happy)

    assert walk.run(script.graphs[dialogue]) == "end"
    assert walk.steps.count("mirror") >= 4
    assert walk.steps[-1] == "end"


@pytest.mark.parametrize(
    ("dialogue", "end"), [("appreciation", "another_day"), ("dialogue", "another_day"), ("time_out", RETURN)]
)
def test_a_couple_that_says_no_to_everything_reaches_an_end(script: Script, dialogue: str, end: str) -> None:
    """The invitation is declined kindly; coming back from a time-out they take more time until it is over."""
    walk = Walk(script, prefer("no", "next"))

    reached = walk.run(script.graphs[dialogue])

    assert reached == ("until_then" if dialogue == "time_out" else end)


@pytest.mark.parametrize("dialogue", ["appreciation", "dialogue"])
def test_a_couple_that_skips_what_can_be_skipped_reaches_the_end(script: Script, dialogue: str) -> None:
    walk = Walk(script, lambda step, choices: "skip" if "skip" in choices else prefer("yes", "next")(step, choices))

    assert walk.run(script.graphs[dialogue]) == "end"


@pytest.mark.parametrize("name", sorted(load_script().graphs))
def test_no_random_couple_is_ever_caught(script: Script, name: str) -> None:
    ends = set()
    for seed in range(1000):
        chance = random.Random(seed)
        walk = Walk(script, lambda step, choices, chance=chance: chance.choice(choices))
        ends.add(walk.run(script.graphs[name], chance.choice(["loop", "once", "deep"]) if name == "mirror" else "loop"))

    every_end = {step.id for step in script.graphs[name].steps.values() if step.do == "end"}
    returns = {RETURN} if script.graphs[name].shared else set()
    assert ends == every_end | returns


def test_three_failed_mirrors_of_a_piece_offer_a_way_on_exactly_once(script: Script) -> None:
    """Whatever is chosen there; afterwards the piece is left."""
    for choice in ("choice:leave", "choice:again"):
        walk = Walk(script, prefer("no", choice, "next"))

        walk.run(script.graphs["mirror"], "loop")

        assert walk.steps[:6] == ["mirror", "check", "fix", "mirror", "check", "fix"]
        assert walk.steps[6:9] == ["mirror", "check", "stuck"]
        assert walk.steps.count("stuck") == 1
        assert "leave" in walk.steps


def test_the_next_piece_has_three_tries_of_its_own(script: Script) -> None:
    mores = iter(["yes", "no"])

    def answer(step: Step, choices: list[str]) -> str:
        return next(mores) if step.id == "more" else prefer("no", "choice:leave", "next")(step, choices)

    walk = Walk(script, answer)
    walk.run(script.graphs["mirror"], "loop")

    assert walk.steps.count("stuck") == 2
    assert walk.steps.count("fix") == 4


def test_after_six_pieces_moving_on_is_offered(script: Script) -> None:
    walk = Walk(script, lambda step, choices: "no" if step.id == "enough" else prefer("yes", "next")(step, choices))

    assert walk.run(script.graphs["mirror"], "loop") == RETURN
    assert walk.steps.count("mirror") == 6
    assert walk.steps[-1] == "enough"


def test_a_single_mirror_asks_for_no_more(script: Script) -> None:
    walk = Walk(script, happy)

    walk.run(script.graphs["mirror"], "once")

    assert walk.steps == ["mirror", "check"]


def test_places_change_once_at_most(script: Script) -> None:
    """The second pass leads to the thanks, not to a third."""
    for dialogue in ("appreciation", "dialogue"):
        walk = Walk(script, happy)
        walk.run(script.graphs[dialogue])

        assert walk.steps.count("other_way") == 1


def test_a_dialogue_without_a_switch_is_complete(script: Script) -> None:
    walk = Walk(script, lambda step, choices: "no" if step.id == "switch" else happy(step, choices))

    assert walk.run(script.graphs["dialogue"]) == "end"
    assert "other_way" not in walk.steps
    assert [step for step in walk.steps if step != "both_agreed"][-3:] == ["thanks", "keep", "end"]


# ---------------------------------------------------------------------------------------------- what is wrong

GRAPH = "dialogues/appreciation.toml"
WORDS = "en/appreciation.toml"
MISTAKES = tomllib.loads((Path(__file__).parent / "broken_prompts.toml").read_text("utf-8"))["mistake"]
BROKEN = [(mistake["file"], mistake["old"], mistake["new"], mistake.get("problem")) for mistake in MISTAKES]
EXACT = [case for case in BROKEN if case[3] is not None]


@pytest.mark.parametrize(("file", "old", "new", "problem"), BROKEN)
def test_each_mistake_is_named_with_file_step_and_key(
    folder: Path, edit: Edit, file: str, old: str, new: str, problem: str | None
) -> None:
    edit(file, old, new)

    with pytest.raises(PromptError) as raised:
        load_script(folder)

    assert problem is None or f"{file}: {problem}" in raised.value.problems
    assert all(re.match(r"[\w/-]+(\.toml)?: \S", line) for line in raised.value.problems)
    assert raised.value.exit_code == 2


def test_all_problems_of_all_files_are_told_at_once(folder: Path, edit: Edit) -> None:
    for file, old, new, _ in (EXACT[0], EXACT[2], EXACT[3]):
        edit(file, old, new)
    edit("en/dialogue.toml", "[tell]", "[tel]")
    edit("en/commands.toml", "louder = [", "lauder = [")
    (folder / "dialogues" / "broken.toml").write_text("this is no TOML", "utf-8")

    with pytest.raises(PromptError) as raised:
        load_script(folder)

    files = {problem.partition(":")[0] for problem in raised.value.problems}
    assert files >= {GRAPH, "en/dialogue.toml", "en/commands.toml", "dialogues/broken.toml"}
    lines = str(raised.value).splitlines()
    assert lines[0] == f"There are {len(raised.value.problems)} problems in the prompts in {folder}."
    assert lines[-1] == "Correct the files, then try again."


def test_words_that_cannot_be_read_are_one_problem_and_not_one_for_each_prompt(folder: Path, edit: Edit) -> None:
    edit("en/guide.toml", "[hello]", "[hello")

    (problem,) = check_prompts(folder)
    assert problem.startswith("en/guide.toml: is not valid TOML: ")


def test_a_graph_that_cannot_be_read_makes_no_problem_of_the_words_it_would_use(folder: Path, edit: Edit) -> None:
    edit("dialogues/request.toml", 'do = "branch"', 'do = "brunch"')

    assert {problem.partition(":")[0] for problem in check_prompts(folder)} == {"dialogues/request.toml"}


def test_a_single_problem_is_told_in_the_singular(folder: Path, edit: Edit) -> None:
    edit("en/commands.toml", '"speak louder"', '"speak faster"')

    with pytest.raises(PromptError, match=r"^There is 1 problem in the prompts in "):
        load_script(folder)


def test_a_missing_folder_is_told_in_one_sentence(tmp_path: Path) -> None:
    assert check_prompts(tmp_path / "nowhere") == [f"{tmp_path / 'nowhere'}: there is no such folder"]


@pytest.mark.parametrize(
    "file",
    [
        "languages.toml",
        "dialogues/timings.toml",
        "en/replies.toml",
        "en/commands.toml",
        "en/neutrality.toml",
        "en/numbers.toml",
        "en/times.toml",
    ],
)
def test_a_missing_file_is_told(folder: Path, file: str) -> None:
    (folder / file).unlink()

    assert f"{file}: the file is missing" in check_prompts(folder)


def test_of_a_language_that_is_not_offered_only_what_is_there_is_checked(folder: Path, edit: Edit) -> None:
    table = '\n[xx]\nname = "Test"\nnative = "Test"\nvoices = ["xx"]\noffered = false\n'
    (folder / "languages.toml").write_text((folder / "languages.toml").read_text("utf-8") + table, "utf-8")
    (folder / "xx").mkdir()
    (folder / "xx" / "mirror.toml").write_text('[mirror]\nfirst = "Zeg terug wat je hoorde."\n', "utf-8")

    assert check_prompts(folder) == [
        "xx/mirror.toml: mirror: 'repeat' is missing",
        "xx/mirror.toml: mirror: 'cue' is missing",
        "xx/mirror.toml: mirror: 'title' is missing; \"where are we\" needs it",
    ]
    edit("languages.toml", 'voices = ["xx"]\noffered = false', 'voices = ["xx"]')
    problems = check_prompts(folder)
    assert "xx/replies.toml: the file is missing" in problems
    assert "xx/times.toml: the file is missing" in problems
    assert any(problem.startswith("xx/guide.toml: hello: the prompt is missing") for problem in problems)


KEPT = 'on = { number = { "0-3" = "later", "4-10" = "thing" }, skip = "thing" }\nkeep = "calm"'


def test_a_prompt_may_name_what_was_kept_if_it_can_do_without(folder: Path, edit: Edit) -> None:
    edit(GRAPH, 'on = { yes = "thing", no = "later", choice.later = "later", skip = "thing" }', KEPT)
    edit(GRAPH, 'heard = { vague = "when"', 'keep = "it"\nheard = { vague = "when"')
    plain = 'first = "One thing about {receiver}."\nrepeat = "One thing."\ncue = "One thing."\n'
    edit(WORDS, "[thing]\n", f'[plain]\n{plain}\n[thing]\nwithout = "appreciation.plain"\n')
    edit(WORDS, 'repeat = "{sender}, one thing you value."', 'repeat = "{calm}: one thing."')

    assert check_prompts(folder) == []
    assert load_script(folder).graphs["appreciation"].steps["invite"].keep == "calm"
    edit(WORDS, 'repeat = "{calm}: one thing."', 'repeat = "{calmm}: one thing."')
    assert check_prompts(folder)[0].startswith("en/appreciation.toml: thing/repeat: '{calmm}' cannot be filled in here")
    edit(WORDS, 'repeat = "{calmm}: one thing."', 'repeat = "{calm}: one thing."')
    edit(WORDS, 'without = "appreciation.plain"', 'without = "appreciation.plan"')
    assert "en/appreciation.toml: thing/without: no prompt is called 'appreciation.plan'" in check_prompts(folder)[1]
    edit(WORDS, 'without = "appreciation.plan"', "")
    what = "'without' is missing: which prompt is said while {calm} was not answered yet?"
    assert f"en/appreciation.toml: thing: {what}" in check_prompts(folder)
    edit(WORDS, 'first = "One thing about {receiver}."', 'first = "{it}."\nwithout = "appreciation.feeling"')
    edit(WORDS, "[thing]\n", '[thing]\nwithout = "appreciation.plain"\n')
    what = "'appreciation.plain' must do without kept answers itself"
    assert f"en/appreciation.toml: thing/without: {what}" in check_prompts(folder)


def test_a_file_that_is_not_utf8_is_told(folder: Path) -> None:
    (folder / WORDS).write_bytes('title = "Müller"'.encode("latin-1"))

    assert f"{WORDS}: is not UTF-8 text; save it as UTF-8" in check_prompts(folder)


def test_a_folder_in_the_place_of_a_file_is_told(folder: Path) -> None:
    (folder / WORDS).unlink()
    (folder / WORDS).mkdir()

    assert any(problem.startswith(f"{WORDS}: cannot be read") for problem in check_prompts(folder))


def test_an_empty_graph_is_told(folder: Path) -> None:
    (folder / GRAPH).write_text('id = "appreciation"\nstart = "x"\n', "utf-8")

    assert f"{GRAPH}: step: there must be at least one [[step]]" in check_prompts(folder)


def test_a_sixth_choice_is_too_many(folder: Path, edit: Edit) -> None:
    names = ("later", "stop", "smaller", "leave", "hour", "continue")
    choices = ", ".join(f'choice.{name} = "leave"' for name in names)
    edit(
        "dialogues/mirror.toml",
        'on = { choice.leave = "leave", choice.again = "five", skip',
        f"on = {{ {choices}, skip",
    )

    assert "dialogues/mirror.toml: stuck/on: more than 5 choices are too many to hear" in check_prompts(folder)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.randoms(use_true_random=False))
def test_no_damage_to_the_files_ends_in_anything_but_problems(
    tmp_path_factory: pytest.TempPathFactory, chance: random.Random
) -> None:
    """Lines lost, doubled or swapped, values of another kind: a list of problems, or nothing wrong."""
    folder = english_copy(tmp_path_factory.mktemp("damaged") / "prompts")
    path = chance.choice(sorted(folder.rglob("*.toml")))
    lines = path.read_text("utf-8").splitlines()
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(lines))
        damage = chance.choice(["lost", "doubled", "swapped", "value"])
        if damage == "lost":
            del lines[at]
        elif damage == "doubled":
            lines.insert(at, lines[at])
        elif damage == "swapped":
            lines.insert(chance.randrange(len(lines)), lines.pop(at))
        else:
            other = chance.choice(["3", "[]", "{}", '"x"', "true", "1.5", "2026-01-31", "nan", "[[1]]", "{ a = 1 }"])
            lines[at] = re.sub(r"= .*", f"= {other}", lines[at])
        lines = lines or [""]
    path.write_text("\n".join(lines), "utf-8")

    problems = check_prompts(folder)

    shutil.rmtree(folder)
    assert all(problem and "\n" not in problem for problem in problems)


# ---------------------------------------------------------------------------------------------- reading


def test_fields_are_read_as_the_format_says(folder: Path, edit: Edit) -> None:
    edit("resources/DE.toml", 'number = "112"', 'number = "112"\nverified_on = 2026-01-31\ntext_ok = true')

    script = load_script(folder)

    steps = script.graphs["mirror"].steps
    assert steps["check"].on["yes"] == ByMode(loop="more", once="return")
    assert set(steps["stuck"].on) == {"choice:leave", "choice:again", "skip"}
    assert (steps["leave"].actor, steps["leave"].kind, steps["leave"].prompt) == (
        "guide",
        "setup",
        "mirror.leave",
    )
    assert script.graphs["time_out"].steps["apart_30"].prompt == "time_out.apart"
    assert script.graphs["appreciation"].menu
    assert not script.graphs["mirror"].menu
    assert script.languages["en"].titles["dialogue"] == "the couples dialogue"
    assert script.resources["DE"][0].verified_on == date(2026, 1, 31)
    assert script.resources["DE"][0].text_ok


def test_a_guide_prompt_without_shorter_forms_is_said_the_same_every_time(script: Script) -> None:
    prompt = script.languages["en"].prompts["guide.take_time"]

    assert prompt.first == prompt.repeat == prompt.cue


def test_only_what_ships_is_read_once(folder: Path) -> None:
    assert load_script() is load_script()
    assert load_script(formal=True) is not load_script()
    words = folder / "en" / "guide.toml"
    before = load_script(folder).languages["en"].prompts["guide.paused"].cue

    words.write_text(words.read_text("utf-8").replace(before, "We rest."), "utf-8")

    assert load_script(folder).languages["en"].prompts["guide.paused"].cue == "We rest."


def test_the_prompts_in_a_wheel_come_before_those_of_a_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "voice_imago"
    (package / "dialogue").mkdir(parents=True)
    monkeypatch.setattr(script_read, "__file__", str(package / "dialogue" / "script_read.py"))

    assert prompts_folder() == tmp_path / "prompts"
    (package / "_data" / "prompts").mkdir(parents=True)
    assert prompts_folder() == package / "_data" / "prompts"


# ---------------------------------------------------------------------------------------------- schemas


def test_schemas_out_of_date_are_told_and_do_no_harm(folder: Path) -> None:
    (folder / "schema" / "graph.json").write_text("{}", "utf-8")
    (folder / "schema" / "words.json").unlink()

    assert check_prompts(folder) == [
        "schema/graph.json: is out of date; run: python -m voice_imago.dialogue.script_schema",
        "schema/words.json: is out of date; run: python -m voice_imago.dialogue.script_schema",
    ]
    assert load_script(folder).graphs


def test_every_file_fits_the_schema_that_it_names() -> None:
    made = {name: json.loads(text) for name, text in schemas().items()}
    for path in sorted(prompts_folder().rglob("*.toml")):
        text = path.read_text("utf-8")
        named = re.match(r"#:schema (\S+)\n", text)
        assert named, f"{path.name} names no schema"
        assert (path.parent / named[1]).resolve() == prompts_folder() / "schema" / Path(named[1]).name
        jsonschema.validate(json.loads(json.dumps(tomllib.loads(text), default=str)), made[Path(named[1]).name])


def test_a_schema_refuses_what_the_check_refuses() -> None:
    graph = json.loads(schemas()["graph.json"])
    step = {"id": "thing", "do": "trun"}

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"id": "x", "start": "thing", "step": [step]}, graph)
    jsonschema.validate({"id": "x", "start": "thing", "step": [step | {"do": "turn"}]}, graph)
