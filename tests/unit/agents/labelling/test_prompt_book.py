from __future__ import annotations

import pytest

from tiebreak.agents.labelling.prompt_book import Prompt, load_prompt, parse_prompt
from tiebreak.errors import ConfigError

HEAD = "---\nname: p\nversion: 1\ninputs: [text]\n---\n"


@pytest.mark.parametrize("name", ["classify-score", "classify-generate"])
def test_shipped_prompts_have_what_the_composer_renders(name: str) -> None:
    prompt = load_prompt(name)
    assert prompt.id == f"{name}/v{prompt.version}"
    assert set(prompt.sections) == {"system", "example", "question"}


def test_an_unknown_prompt_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"'classify-sing'.*classify-generate, classify-score"):
        load_prompt("classify-sing")


def test_an_unknown_version_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"no version 99.*\[1"):
        load_prompt("classify-score", 99)


def test_a_missing_input_is_named() -> None:
    prompt = parse_prompt(HEAD + "[question]\nSay {{text}}.\n", "p/v1")
    with pytest.raises(ConfigError, match="asks for 'text'"):
        prompt.render("question", {"task": "x"})


def test_a_missing_section_is_named() -> None:
    with pytest.raises(ConfigError, match="no section 'system'"):
        Prompt("p", 1, (), {"question": "x"}).render("system", {})


def test_an_input_cannot_smuggle_in_another() -> None:
    prompt = Prompt("p", 1, ("text", "secret"), {"question": "{{text}} {{secret}}"})
    said = prompt.render("question", {"text": "{{secret}}", "secret": "s"})
    assert said == "{{secret}} s"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[system]\nhello\n", "no front matter"),
        ("---\nname: p\n---\n[system]\nx\n", "no front matter"),
        (HEAD.replace("name: p", "name: q") + "[system]\nx\n", "calls itself 'q/v1'"),
        (HEAD + "[system]\n{{task}}\n", r"uses \['task'\]"),
    ],
)
def test_a_broken_file_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        parse_prompt(text, "p/v1")
