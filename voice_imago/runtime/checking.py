"""The `check` command: prompts and scenes, every problem at once."""

from __future__ import annotations

from pathlib import Path

from voice_imago import output
from voice_imago.dialogue.script import Script, check_prompts, load_script, prompts_folder
from voice_imago.errors import FileError, PromptError, SceneError, UsageError
from voice_imago.runtime.plan import check_language, check_scene
from voice_imago.runtime.scene import read_scene, scenes_folder

__all__ = ["check"]

HINT = "Name a prompts folder, a scene, or nothing at all."


def check(path: Path | None, language: str = "") -> int:
    """Check a prompts folder, a scene, a folder of scenes, or (None) everything that ships; 2 with problems.

    ``language``: one that is not offered yet is checked as if it were.
    """
    if path is not None and not path.exists():
        raise FileError(f"There is no file or folder {path}.", HINT)
    prompts, scenes = _split(path)
    if prompts is None and not scenes:
        raise FileError(f"In the folder {path} are neither prompts nor scenes.", HINT)
    if language and prompts is not None and not (prompts / language).is_dir():
        raise UsageError(f"There is no language called {language!r} in {prompts}.", "See languages.toml there.")
    problems = [] if prompts is None else check_prompts(prompts, language)
    script = None if problems else _script(prompts)
    for scene in scenes:
        problems += _scene_problems(scene, script)
    for problem in problems:
        output.error(problem)
    if problems:
        output.error(f"{len(problems)} problem(s) found.")
        return 2
    checked = ["the prompts"] if prompts is not None else []
    checked += [f"{len(scenes)} scene(s)"] if scenes else []
    output.say(f"Checked {' and '.join(checked)}: no problems.")
    return 0


def _script(prompts: Path | None) -> Script | None:
    """What the scenes are checked against; None where those prompts are broken, which is told by their own check."""
    try:
        return load_script(prompts)
    except PromptError:
        return None


def _split(path: Path | None) -> tuple[Path | None, list[Path]]:
    """What is to be checked: (a prompts folder or None, scenes)."""
    if path is None:
        return prompts_folder(), sorted(scenes_folder().glob("*.toml"))
    if path.is_file():
        return None, [path]
    if (path / "languages.toml").exists() or (path / "dialogues").exists():
        return path, []
    return None, sorted(path.glob("*.toml"))


def _scene_problems(path: Path, script: Script | None) -> list[str]:
    try:
        scene = read_scene(path)
    except SceneError as error:
        return [f"{path.name}: {problem.strip()}" for problem in error.problems or (error.message,)]
    if script is None:
        return []
    problems = []
    try:
        check_language(script, scene.language)
        check_scene(script, scene.dialogue, scene.prelude)
    except UsageError as error:
        return [f"{path.name}: {error}"]
    steps = {step for graph in script.graphs.values() for step in graph.steps}
    wanted = {line.at for line in scene.line if line.at} | set(scene.expect.steps)
    problems += [f"{path.name}: there is no step {step!r}" for step in sorted(wanted - steps)]
    said = set(scene.expect.prompts) - set(script.languages[scene.language].prompts)
    return problems + [f"{path.name}: there is no prompt {key!r}" for key in sorted(said)]
