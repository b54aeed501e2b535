"""The review card on a page of its own, before a stub of the desk's routes."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import tiebreak.ui

CARD = Path(tiebreak.ui.__file__).parent / "components" / "card"
KINDS = {".js": "text/javascript", ".css": "text/css"}
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:"
)

# Streamlit 1.67's own colours, as its stylesheet variables carry them into a component.
LIGHT = {
    "background-color": "#ffffff",
    "secondary-background-color": "#f8f8f7",
    "text-color": "#2f2d2b",
    "gray-text-color": "#686255",
    "border-color": "#dcd8d4",
    "primary-color": "#0f766e",
    "violet-text-color": "#6f33b8",
    "violet-background-color": "#f8f2ff",
    "blue-text-color": "#244fb4",
    "blue-background-color": "#edf5ff",
    "green-text-color": "#0c5a44",
    "green-background-color": "#f1fbf6",
    "orange-text-color": "#9b4519",
    "orange-background-color": "#fff6ed",
    "red-text-color": "#9e303b",
    "font": "'Source Sans', sans-serif",
    "base-radius": "0.5rem",
}
DARK = LIGHT | {
    "background-color": "#171614",
    "secondary-background-color": "#2d2b27",
    "text-color": "#edebe8",
    "gray-text-color": "#b8b3a8",
    "border-color": "#4a4742",
    "primary-color": "#2dd4bf",
    "violet-text-color": "#bf8ef7",
    "violet-background-color": "#332244",
    "blue-text-color": "#85b8f8",
    "blue-background-color": "#1e2a3d",
    "green-text-color": "#7ed5b0",
    "green-background-color": "#0e2f24",
    "orange-text-color": "#f2a56d",
    "orange-background-color": "#342414",
    "red-text-color": "#f2919a",
}

# What Streamlit does around a component: a shadow root, the stylesheet in a div of its own, the
# default export called again at every rerun, its clean-up only when the component goes.
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Desk</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
<style>:root {{ {colours} }} body {{ margin: 0; padding: 16px; color: var(--st-text-color);
background: var(--st-background-color) }} @media (min-width: 700px) {{ body {{ padding: 32px }} }}
</style></head>
<body><main id="page"><h1 style="font: 600 1.5rem sans-serif; margin: 0 0 12px">Review</h1>
<div id="slot"></div></main><script type="module">
import card from "/card/card.js";
const pressed = window.presses = [];
const hook = () => window.root.querySelector(".tb-card")?.dataset ?? {{}};
addEventListener("keydown", (event) => pressed.push(
  {{key: event.key, record: hook().record, painted: hook().painted, repeat: event.repeat}}), true);
let cleanup = null;
window.unmount = () => {{ cleanup(); document.querySelector("#slot").replaceChildren(); }};
window.rerun = async () => {{
  const data = await (await fetch("/data")).json();
  cleanup = card({{data, parentElement: window.root, setTriggerValue: (name) => {{
    window.renewals = (window.renewals ?? 0) + 1; window.rerun(); }}}});
}};
window.mount = async () => {{
  const host = document.querySelector("#slot").appendChild(document.createElement("div"));
  window.root = host.attachShadow({{mode: "open"}});
  const styles = window.root.appendChild(document.createElement("div"));
  const link = styles.appendChild(document.createElement("link"));
  Object.assign(link, {{rel: "stylesheet", href: "/card/card.css"}});
  await new Promise((done) => link.addEventListener("load", done));
  await window.rerun();
}};
window.mount();
</script></body></html>"""


def card(record: int, **parts: Any) -> dict[str, Any]:
    """A card with an agent's proposal, a model and neighbours; `parts` replace or add."""
    text = f"My card number {record} has not arrived yet, and it was sent two weeks ago."
    full = {
        "record": record,
        "id": f"ticket-{record}",
        "text": text,
        "chars": len(parts.get("text", text)),
        "reason": "disagreement",
        "why": "the agent and the model disagree",
        "blind": False,
        "suggestion": {
            "seq": 3,
            "label": "card_arrival",
            "abstain": None,
            "confidence": 0.79,
            "rationale": "The writer waits for a card that was posted.",
            "rationale_by": "model",
            "agent": "openai:gpt-5-mini",
        },
        "model": {
            "version": 5,
            "top": [["fee", 0.41], ["top_up", 0.27], ["other", 0.13]],
            "order": [1, 2, 3, 0],
        },
        "near": [
            {"text": "Where is my new card?", "label": "card_arrival", "similarity": 0.95},
            {"text": "I was charged for a card", "label": "fee", "similarity": 0.81},
        ],
    }
    return full | parts


def blind(record: int) -> dict[str, Any]:
    """A card whose hidden fields are left out."""
    shown = card(
        record,
        blind=True,
        reason="blind",
        why="answer by yourself: what agent and model say is not shown here",
    )
    return {
        key: value for key, value in shown.items() if key not in ("suggestion", "model", "near")
    }


def schema(*names: str) -> list[dict[str, Any]]:
    """Labels with a definition and an example each."""
    return [
        {"name": name, "definition": f"About {name}.", "examples": [f"A text on {name}."]}
        for name in names
    ]


class Desk:
    """The desk's state in memory; a test reads `stored` and sets the faults.

    Faults: `drop` replies to lose after storing, `statuses` to answer instead of working,
    `refuse` connections to break unread, `keep` to answer no one until it is false.
    """

    def __init__(self, cards: Sequence[dict[str, Any]], labels: list[dict[str, Any]]) -> None:
        self.cards = {each["record"]: each for each in cards}
        self.labels = labels
        self.multiple = False
        self.epoch = "m5.s1"
        self.token = "t0"
        self.learner = {"state": "learning", "message": "training on 40 answers"}
        self.texts: dict[int, str] = {}
        self.stored: list[dict[str, Any]] = []
        self.requests: list[dict[str, Any]] = []
        self.elsewhere: list[str] = []
        self.refusing: dict[int, str] = {}  # record -> fact
        self.stolen: set[int] = set()
        self.drop = self.refuse = 0
        self.statuses: list[int] = []
        self.leases: dict[int, str] = {}
        self.lock = threading.RLock()

    def answered(self) -> dict[int, dict[str, Any]]:
        """record -> its standing answer; a skipped one stays open."""
        standing: dict[int, dict[str, Any]] = {}
        for event in self.stored:
            standing.pop(event["record"], None)
            if event["outcome"] != "undo":
                standing[event["record"]] = event
        return standing

    def decisions(self) -> list[tuple[int, str, str | None]]:
        """(record, outcome, label) of every stored event, in order."""
        return [(each["record"], each["outcome"], each["label"]) for each in self.stored]

    def sync(self, request: dict[str, Any]) -> dict[str, Any]:
        """One request as the contract has it."""
        self.requests.append(request)
        client = request["client"]
        refused = [note for event in request["events"] if (note := self._store(client, event))]
        for record in [*request["release"], *(self._of(client) if request["leaving"] else [])]:
            self.leases.pop(record, None)
        lost = [r for r in request["held"] if r in self.stolen]
        for record in set(request["held"]) - set(lost):
            self.leases.setdefault(record, client)
        answered = self.answered()
        free = [
            r
            for r in self.cards
            if r not in answered
            and r not in self.stolen
            and r not in request["held"]
            and self.leases.get(r, client) == client
        ]
        given = free[: request["want"]]
        self.leases |= dict.fromkeys(given, client)
        left = len(self.cards) - len(answered)
        return {
            "acked": max((event["seq"] for event in request["events"]), default=0),
            "refused": refused,
            "cards": [self.cards[r] for r in given],
            "lost": lost,
            "epoch": self.epoch,
            "left": left,
            "batch": {"round": 4, "size": len(self.cards), "left": left},
            "mine": len(answered),
            "learner": self.learner,
            "token": self.token,
        }

    def _of(self, client: str) -> list[int]:
        return [record for record, holder in self.leases.items() if holder == client]

    def _store(self, client: str, event: dict[str, Any]) -> dict[str, Any] | None:
        if fact := self.refusing.get(event["record"]):
            parts = {key: event[key] for key in ("seq", "key", "record")}
            return parts | {"fact": fact, "mend": "Nothing to do."}
        if event["key"] not in [each["key"] for each in self.stored]:
            self.stored.append(event | {"client": client})
        if event["outcome"] != "undo":
            self.leases.pop(event["record"], None)
        return None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    desk: Desk
    colours: str

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        if path == "/":
            self._send(200, PAGE.format(colours=self.colours), "text/html")
        elif path == "/blank":
            self._send(200, "<!doctype html><title>Blank</title>", "text/html")
        elif path == "/data":
            self._send(200, json.dumps(self._data()))
        elif path.startswith("/desk/api/text/"):
            self._send(200, json.dumps({"text": self.desk.texts[int(path.rsplit("/", 1)[1])]}))
        elif (file := CARD / path.removeprefix("/card/")).is_file():
            self._send(200, file.read_text(encoding="utf-8"), KINDS[file.suffix])
        else:
            self.desk.elsewhere.append(self.path)
            self._send(404, "{}")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.desk.lock:
            if self.desk.refuse:
                self.desk.refuse -= 1
                self.close_connection = True
                return
            if self.desk.statuses:
                self._send(self.desk.statuses.pop(0), json.dumps({"error": "busy"}))
                return
            if self.headers["X-Tiebreak-Token"] != self.desk.token:
                self._send(401, json.dumps({"error": "token"}))
                return
            reply = self.desk.sync(json.loads(body))
            if self.desk.drop:
                self.desk.drop -= 1
                self.close_connection = True
                return
        self._send(200, json.dumps(reply))

    def _data(self) -> dict[str, Any]:
        return {
            "api": "/desk/api",
            "token": self.desk.token,
            "who": "Ada",
            "project": "bank",
            "project_key": "9f3a",
            "multiple": self.desk.multiple,
            "labels": self.desk.labels,
            "guidelines": "Label what the writer wants.\nNot how they say it.",
        }

    def _send(self, status: int, body: str, kind: str = "application/json") -> None:
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(data)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A page that was closed breaks its connections: that is no error here."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def served(desk: Desk, colours: dict[str, str] = LIGHT) -> Iterator[str]:
    """The address of the page with the card."""
    style = " ".join(f"--st-{name}: {value};" for name, value in colours.items())
    handler = type("Handler", (_Handler,), {"desk": desk, "colours": style})
    server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
