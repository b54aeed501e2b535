"""A chat server on loopback that answers by a script: the paid agent of the stories."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

from benchmarks.agents.chat_server import ChatServer, Sent, chat_reply

BROKEN = "broken"


@contextmanager
def scripted_agent(answers: Mapping[str, Any], key: str = "label") -> Iterator[str]:
    """Serve while the block runs; gives the ``base_url``.

    *answers*: by a text what stands under *key* in the reply; `BROKEN` breaks its JSON off. Which
    text is asked about is seen in the last message, so that nothing of the prompt's form is known.
    """
    longest_first = sorted(answers, key=len, reverse=True)

    def respond(body: dict[str, Any]) -> Sent:
        asked = " ".join(str(body["messages"][-1]["content"]).split())
        text = next((t for t in longest_first if " ".join(t.split()) in asked), None)
        answer = None if text is None else answers[text]
        reply = json.dumps({key: answer, "rationale": "It reads so (scripted)."})
        reply = reply[: len(reply) // 3] if answer == BROKEN else reply
        return Sent(chat_reply(reply, prompt_tokens=200, completion_tokens=20))

    with ChatServer(respond) as server:
        yield server.url
