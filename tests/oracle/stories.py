"""The recorded stories: what somebody does with Tiebreak at the command line, from end to end.

They say nothing of how the inside is made. All but ``demo`` use the ``hashing`` embedder, whose
vectors are the same on every processor. People and agents are simulated.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from agent import BROKEN, scripted_agent
from material import (
    ROOT,
    by_name,
    cards,
    draw,
    issues,
    jsonl,
    recorded,
    strange,
    table,
    two_kinds,
)
from player import Player

Story = Callable[[Player], None]
HASHING = ("--embedder", "hashing")
ALONE = (*HASHING, "--agent", "none")
KINDS = ("--labels", "refund,login")
GOLD = ("--labels-are", "gold")
BY_LABELS = ("--reviewer", "labels")
LOGISTIC = '[learn]\nhead = "logistic"\n'
FILE_PROMISE = f"[promise]\nlabels = 30\naudits = 60\naudit_batch = 20\n{LOGISTIC}"
STREAM_PROMISE = (
    f"[promise]\nlabels = 30\naudits = 60\nstream = true\naudit_rate = {{}}\n{LOGISTIC}"
)


@dataclass(frozen=True)
class Told:
    """A story with where it can be played: ``sqlite_only`` where a command makes its project by
    itself; ``cheap`` ones are played by the test suite, too."""

    play: Story
    sqlite_only: bool = False
    cheap: bool = True


STORIES: dict[str, Told] = {}


def story(*, sqlite_only: bool = False, cheap: bool = True) -> Callable[[Story], Story]:
    """Add a function to `STORIES`, by its name."""

    def add(play: Story) -> Story:
        STORIES[play.__name__] = Told(play, sqlite_only, cheap)
        return play

    return add


@story(sqlite_only=True, cheap=False)
def demo(p: Player) -> None:
    """The shipped demo without an agent, on the default network's vectors."""
    p.run("demo", "--agent", "none", "--dir", "p", "--json")
    p.end("p")
    p.run("report", "p", "--json")


@story()
def words(p: Player) -> None:
    """Which options each command has; the version."""
    p.run("--version")
    for command in (
        "init", "import", "doctor", "run", "label", "status", "demo", "review", "predict", "export",
        "verify", "backup", "restore", "doubts", "drift", "metrics", "people", "report", "simulate",
    ):  # fmt: skip
        p.run(command, "--help")


@story()
def banking(p: Player) -> None:
    """Questions to a bank and a recorded agent that tells how sure it is: rounds, routes, ties."""
    rows = cards(300, 60)
    p.write("rows.jsonl", jsonl(rows))
    p.write("agent.jsonl", jsonl(recorded(rows)))
    agent = ("--agent", "recorded:agent.jsonl#a")
    p.project(
        "p", "--labels-from", "rows.jsonl:label", *HASHING, *agent, settings="concurrency = 1"
    )
    p.run("import", "p", "rows.jsonl", *GOLD)
    p.run("run", "p", "--dry-run")
    p.run("run", "p", "--dry-run", "--prelabel", "all", "--json")
    run = ("run", "p", *BY_LABELS, "--batch", 16, "--prelabel", 80, "--score-heldout", 30)
    p.run(*run, "--rounds", 3, "--json")
    p.run(*run, "--rounds", 5)
    p.run("run", "p", "--batch", 16)
    p.label("p", "ada", by_name(rows, wrong=0.1), most=14)
    p.run("run", "p", "--batch", 16, "--accept-unproved")
    p.run("metrics", "p")
    p.run("metrics", "p", "--to", "metrics.csv", "--json")
    p.keep("metrics.csv")
    for source in ("people", "agent", "model"):
        p.run("doubts", "p", "--of", source, "--json")
    p.run("doubts", "p", "--limit", 5)
    p.run("doubts", "p", "--queue", 3, "--json")
    asked = [{"id": i, "text": row["text"]} for i, row in enumerate(rows[:12])]
    p.run("predict", "p", "--top", 2, stdin=jsonl(asked) + '[1]\nnothing\n"Where is my card?"\n')
    p.run("report", "p", "--json")
    p.run("report", "p", "--out", "page.html")
    p.keep("page.html")
    p.run("people", "p", "--json")
    p.end("p")
    p.run("export", "p", "some.csv", "--only-labelled", "--json")
    p.run("backup", "p", "all.zip", "--json")
    p.run("restore", "all.zip", "again", "--store", "sqlite:///again/tiebreak.db", "--json")
    p.run("verify", "again", "--hash")
    p.run("status", "again", "--json")


@story()
def generated(p: Player) -> None:
    """An agent without confidences, an earlier recording's other run, for one run only."""
    rows = cards(160, 40)
    p.write("rows.csv", table(rows))
    p.write("agent.jsonl", jsonl(recorded(rows, right=0.7)))
    p.project("p", "--labels-from", "rows.csv:label", *ALONE, settings="concurrency = 1")
    p.run("import", "p", "rows.csv", *GOLD, "--heldout", "test", "--json")
    p.run("run", "p", *BY_LABELS, "--rounds", 2, "--batch", 12)
    agent = ("--agent", "recorded:agent.jsonl#b")
    p.run(
        "run", "p", *BY_LABELS, "--rounds", 4, "--batch", 12, "--prelabel", "all", *agent, "--json"
    )
    p.run("status", "p")
    p.run("doubts", "p", "--of", "agent", "--queue", "flagged")
    p.end("p")


@story()
def paid(p: Player) -> None:
    """An agent that costs money, over HTTP: prices, a budget that ends, faults of its replies."""
    rows = cards(120, 30)
    answers = {
        row["text"]: BROKEN if draw("broken", row["text"]) < 0.05 else row["label"] for row in rows
    }
    p.write("rows.jsonl", jsonl(rows))
    with scripted_agent(answers) as url:
        settings = (
            f'base_url = "{url}"\nconcurrency = 1\nmode = "generate"\nretries = 0\n'
            '[prices."scripted"]\ninput = 2.0\noutput = 8.0\n[budget]\nmoney = 0.02\n'
        )
        names = ("--labels-from", "rows.jsonl:label")
        p.project("p", *names, *HASHING, "--agent", "openai:scripted", settings=settings)
        p.run("import", "p", "rows.jsonl", *GOLD)
        run = ("run", "p", *BY_LABELS, "--batch", 12, "--rounds", 3)
        p.run(*run, "--dry-run", "--json")
        p.run(*run, "--prelabel", 10, "--json")
        p.run(*run, "--prelabel", "all", "--json")
        p.run(*run, "--prelabel", "all", "--budget", 1, "--score-heldout", 10)
        p.run("doctor", "p", "--json")
    p.end("p")


@story()
def sets(p: Player) -> None:
    """Issues with any number of tags, by an agent that lists them, and at the terminal desk."""
    rows = issues()
    answers = {
        row["text"]: row["tags"][1:] if draw("tags", row["text"]) < 0.2 else row["tags"]
        for row in rows
    }
    p.write("issues.jsonl", jsonl(rows))
    with scripted_agent(answers, key="labels") as url:
        settings = f'base_url = "{url}"\nconcurrency = 1\nmode = "generate"\nretries = 0\n'
        names = ("--labels-from", "issues.jsonl:tags", "--multiple")
        p.project("p", *names, *HASHING, "--agent", "openai:scripted", settings=settings)
        p.run("import", "p", "issues.jsonl", "--label", "tags", *GOLD, "--json")
        run = ("run", "p", *BY_LABELS, "--batch", 20, "--prelabel", 30, "--score-heldout", 20)
        p.run(*run, "--rounds", 3, "--json")
        p.run("run", "p", "--batch", 10)
    typed = {row["id"]: "/" + ", ".join(row["tags"]) if row["tags"] else "d" for row in rows}
    p.label("p", "bob", typed, most=6)
    p.run("predict", "p", stdin=jsonl([{"text": row["text"]} for row in rows[:10]]))
    p.run("metrics", "p", "--json")
    p.run("people", "p", "--json")
    p.run("doubts", "p")
    p.run("report", "p", "--json")
    p.end("p")


@story()
def file_promise(p: Player) -> None:
    """A promise of a file, simulated, to a certificate; too few labels; of the whole file."""
    p.write("rows.jsonl", jsonl(two_kinds(400, seed=1)))
    for name in ("p", "short", "whole"):
        p.project(name, *KINDS, *ALONE, settings=FILE_PROMISE)
        p.run("import", name, "rows.jsonl", *GOLD)
    ask = ("--max-error", 0.1, "--batch", 16, *BY_LABELS)
    p.run("run", "p", *ask, "--json")
    p.run("run", "p", *ask)
    p.run("report", "p", "--json")
    p.run("report", "p")
    p.keep("p/report.html")
    p.run("people", "p", "--queue", "--json")
    p.run("backup", "p", "p.zip")
    p.run("restore", "p.zip", "again", "--store", "sqlite:///again/tiebreak.db")
    p.run("verify", "again", "--json")
    p.end("p")
    p.run("run", "short", *ask, "--max-labels", 50, "--json")
    p.run("report", "short")
    p.run("run", "whole", *ask, "--promise", "dataset", "--confidence", 0.9, "--json")
    p.end("whole")


@story()
def tiers(p: Player) -> None:
    """Labels of three tiers: one that a person always decides, one with an error of its own."""
    p.write("rows.jsonl", jsonl(two_kinds(500, seed=2)))
    p.write(
        "labels.yaml",
        "labels:\n- name: refund\n  tier: strict\n  definition: Money back.\n"
        "- name: login\n- name: fraud\n  tier: always\n",
    )
    settings = FILE_PROMISE.replace("audits = 60", "audits = 120").replace(
        "[learn]", "[promise.tiers]\nstrict = 0.15\nalways = 0.0\n\n[learn]"
    )
    p.project("p", "--labels", "labels.yaml", *ALONE, settings=settings)
    p.run("import", "p", "rows.jsonl", *GOLD)
    p.run("run", "p", "--max-error", 0.2, "--batch", 16, *BY_LABELS, "--json")
    p.run("report", "p", "--json")
    p.end("p")


@story()
def promise_by_people(p: Player) -> None:
    """A promise that people earn at the desk, asked for once and remembered; a third look."""
    rows = two_kinds(300, seed=3)
    p.write("rows.jsonl", jsonl([{k: row[k] for k in ("id", "text")} for row in rows]))
    shares = "[people]\nadjudicate = 0.5\nsecond = 0.3\n"
    p.project("p", *KINDS, *ALONE, settings=FILE_PROMISE + shares)
    p.run("import", "p", "rows.jsonl")
    p.run("run", "p", "--max-error", 0.15, "--batch", 16, "--json")
    ada, bob = by_name(rows, wrong=0.02, who="ada"), by_name(rows, wrong=0.05, who="bob")
    for _ in range(6):
        p.label("p", "ada", ada)
        p.run("run", "p", "--batch", 16)
    p.run("report", "p", "--json")
    p.run("people", "p", "--queue", "--json")
    p.label("p", "bob", bob)
    p.run("run", "p", "--batch", 16, "--json")
    p.run("people", "p", "--json")
    p.end("p")


@story()
def stream_promise(p: Player) -> None:
    """What arrives is labelled under a bound, until it is worse: an alarm, a look, and on."""
    p.project("p", *KINDS, *ALONE, settings=STREAM_PROMISE.format(0.5))
    ask = ("--max-error", 0.2, "--batch", 16, *BY_LABELS)
    for part, (n, wrong) in enumerate(
        [(240, 0), (160, 0), (160, 0), (80, 0), (80, 0.7), (80, 0.7)]
    ):
        p.write("part.jsonl", jsonl(two_kinds(n, wrong, seed=part)))
        p.run("import", "p", "part.jsonl", *GOLD, "--source", f"part{part}")
        p.run("run", "p", *ask, "--json")
    p.run("report", "p", "--json")
    p.run("status", "p")
    p.run("drift", "p", "--looked")
    p.run("run", "p", *ask)
    p.end("p")


@story()
def stream_marked(p: Player) -> None:
    """Labels of a stream that are not proven yet go out marked; people answer its audits."""
    rows = [two_kinds(n, seed=9 + i, first=200 * i) for i, n in enumerate((200, 80, 80))]
    settings = STREAM_PROMISE.format(0.4).replace("stream", 'unproven = "mark"\nstream', 1)
    p.project("p", *KINDS, *ALONE, settings=settings)
    ada = by_name([row for part in rows for row in part])
    for part in rows:
        p.write("part.jsonl", jsonl([{k: row[k] for k in ("id", "text")} for row in part]))
        p.run("import", "p", "part.jsonl", "--source", "all")
        for _ in range(2 if part is not rows[0] else 5):
            p.run("run", "p", "--max-error", 0.2, "--batch", 16)
            p.label("p", "ada", ada)
    p.run("run", "p", "--json")
    p.run("report", "p", "--json")
    p.end("p")


@story()
def people(p: Player) -> None:
    """Three persons' answers, imported and given at the desk: agreement, checks, consensus."""
    rows = cards(90, 0)
    for row in rows:
        row["label"] = "card" if "card" in row["label"] else "other"
    names = {"card": "other", "other": "card"}
    p.write("rows.csv", table([{"id": row["id"], "text": row["text"]} for row in rows]))
    p.project("p", "--labels", "card,other", *ALONE)
    p.append("p/tiebreak.toml", "[people]\nsecond = 1.0\nrepeat = 1.0\ngold = 0.3\n")
    p.run("people", "p")
    p.run("import", "p", "rows.csv")
    for who, n, third in (("ada", 80, False), ("bob", 60, False), ("cay", 60, True)):
        said = [
            {
                "id": row["id"],
                "label": names[row["label"]] if third and i % 3 == 0 else row["label"],
            }
            for i, row in enumerate(rows[:n])
        ]
        p.write(f"{who}.csv", table(said))
        p.run("import", "p", f"{who}.csv", "--corrections", "--source", "rows.csv", "--who", who)
    p.run("run", "p", "--batch", 10)
    for method in ("majority", "dawid_skene", "crowdlab"):
        p.run("people", "p", "--consensus", method, "--json")
    for who, wrong in (("ada", 0.0), ("bob", 0.2), ("cay", 0.4)):
        p.label("p", who, by_name(rows, wrong, who), most=5)
        p.run("people", "p", "--queue", "--json")
    for who, wrong in (("bob", 0.1), ("cay", 0.1), ("ada", 0.0)):
        p.label("p", who, by_name(rows, wrong, who))
    p.run("people", "p")
    p.run("people", "p", "--annotators", "expert", "--json")
    p.run("people", "p", "--consensus", "dawid_skene", "--json")
    p.run("people", "p", "--consensus", "majority", "--queue")
    p.run("report", "p", "--json")
    p.end("p")


@story()
def desk(p: Player) -> None:
    """Each key of the terminal desk, off a terminal: a line each."""
    rows = cards(40, 0)
    p.write("rows.csv", table([{"id": row["id"], "text": row["text"]} for row in rows]))
    p.project("p", "--labels", "a b,bc,bd,c", *ALONE)
    p.run("import", "p", "rows.csv")
    p.run("run", "p", "--batch", 12)
    keys = ["1", "2", "u", "x", "/b", "/bc", "", "/a", "s", "f", "d", "a", "9", "4", "u", "u", "3"]
    p.run("label", "p", "--who", "ada", stdin="\n".join([*keys, "q", ""]))
    p.run("label", "p", "--who", "bob", stdin="1\n2\n1\n2\n")
    p.run("run", "p", "--batch", 12, "--json")
    p.end("p")


@story()
def drift(p: Player) -> None:
    """Like records come in, then strange ones: a flag or a pause, until somebody looked."""
    rows = cards(240, 0)
    p.write("rows.jsonl", jsonl(rows[:200]))
    p.write("like.jsonl", jsonl(rows[200:]))
    p.write("sky.jsonl", jsonl(strange(90, seed=4)))
    p.project("p", "--labels-from", "rows.jsonl:label", *ALONE)
    p.run("import", "p", "rows.jsonl", *GOLD)
    run = ("run", "p", *BY_LABELS, "--batch", 20, "--rounds", 3)
    p.run("drift", "p")
    p.run(*run, "--json")
    p.run("drift", "p", "--json")
    p.run("import", "p", "like.jsonl", *GOLD)
    p.run(*run, "--json")
    p.run("drift", "p", "--json")
    p.run("import", "p", "sky.jsonl")
    p.run(*run, "--accept-unproved", "--json")
    p.run("drift", "p", "--json")
    p.run("drift", "p", "--window", 30)
    p.run("drift", "p", "--after", 150, "--json")
    p.run("status", "p")
    p.run("drift", "p", "--looked", "--json")
    p.run("drift", "p", "--json")
    p.run(*run, "--json")
    p.end("p")


@story()
def simulate(p: Player) -> None:
    """Strategies replayed on a labelled file and on a project; with several labels."""
    rows = [{"body": row["text"], "topic": row["label"]} for row in cards(240, 0)]
    p.write("messages.csv", table(rows))
    quick = (*HASHING, "--batch", 12, "--labels", 48, "--seeds", 2)
    columns = ("--text", "body", "--label", "topic")
    p.run("simulate", "messages.csv", *columns, *quick, "--out", "found", "--json")
    for name in ("report.json", "curve.csv", "curve.svg"):
        p.keep(f"found/{name}")
    more = ("--strategies", "entropy,k_center", "--target", ".3,.4")
    p.run("simulate", "messages.csv", *columns, *quick, *more)
    p.write("issues.jsonl", jsonl(issues()[:160]))
    p.run("simulate", "issues.jsonl", "--label", "tags", "--multiple", *quick, "--json")
    p.write("rows.jsonl", jsonl(two_kinds(160, 0.1, seed=8)))
    p.project("p", *KINDS, *ALONE)
    p.run("import", "p", "rows.jsonl")
    p.run("simulate", "p", "--batch", 8, "--labels", 40, "--seeds", 2, "--json")


@story()
def files(p: Player) -> None:
    """Files of many forms: encodings, delimiters, broken lines, duplicates, corrections."""
    for name in ("excel_german.csv", "open_quote.csv", "broken.jsonl"):
        (p.stage / name).write_bytes((ROOT / "tests/data/files" / name).read_bytes())
        p.project(name.split(".")[0], "--labels", "a,b", *ALONE)
        p.run("import", name.split(".")[0], name, "--json")
        p.run("export", name.split(".")[0], f"out-{name}", "--format", "csv", "--json")
        p.keep(f"out-{name}")
    rows = two_kinds(30, seed=5)
    p.project("p", *KINDS, *ALONE)
    p.write("a.tsv", table(rows[:12], "\t"))
    twice = [{"number": row["id"], "body": row["text"], "kind": row["label"]} for row in rows[8:20]]
    p.write("b.csv", table([*twice, twice[0], {**twice[1], "kind": "neither"}], "|"))
    p.run("import", "p", "a.tsv", "--who", "ada")
    p.run("import", "p", "b.csv", "--id", "number", "--text", "body", "--label", "kind",
          "--delimiter", "|", "--json")  # fmt: skip
    p.run("import", "p", "a.tsv", "b.csv", "--label", "none", "--json")
    mended = [
        {"id": "r1", "label": "refund"},
        {"id": "r2", "label": "login"},
        {"id": "zz", "label": "x"},
    ]
    p.write("mended.csv", table(mended))
    p.run(
        "import", "p", "mended.csv", "--corrections", "--source", "a.tsv", "--who", "bob", "--json"
    )
    p.write(
        "c.jsonl", jsonl([{**row, "split": ["train", "dev"][i % 2]} for i, row in enumerate(rows)])
    )
    p.run("import", "p", "c.jsonl", "--source", "c", "--heldout", "dev", *GOLD)
    p.run("run", "p", "--batch", 6, "--json")
    p.run("doctor", "p")
    p.run("doctor", "p", "--json")
    p.end("p")


@story()
def go_on_with_file(p: Player) -> None:
    """A project of 0.1.0 amid the audits of a promise that was asked for once."""
    p.unpack("file")
    p.run("verify", "file", "--json")
    p.run("status", "file", "--json")
    p.run("report", "file", "--json")
    ada = by_name(two_kinds(160, seed=21), wrong=0.02, who="ada")
    for _ in range(6):
        p.label("file", "ada", ada)
        p.run("run", "file", "--batch", 10, "--json")
    p.run("people", "file", "--queue", "--json")
    p.label("file", "bob", ada)
    p.run("run", "file", *BY_LABELS, "--batch", 10, "--json")
    p.run("drift", "file", "--json")
    p.end("file")
    p.run("backup", "file", "file.backup.zip", "--json")


@story()
def go_on_with_stream(p: Player) -> None:
    """A stream of 0.1.0 after an alarm: more comes, nothing goes out until somebody looked."""
    p.unpack("stream")
    p.run("verify", "stream", "--json")
    p.run("status", "stream", "--json")
    ask = ("--max-error", 0.2, "--batch", 16, *BY_LABELS)
    for part in (40, 41):
        p.write("part.jsonl", jsonl(two_kinds(80, seed=part)))
        p.run("import", "stream", "part.jsonl", *GOLD, "--source", f"part{part}")
        p.run("run", "stream", *ask, "--json")
        p.run("drift", "stream", "--looked")
    p.run("run", "stream", *ask)
    p.end("stream")


@story()
def bad_input(p: Player) -> None:
    """What goes wrong says so, with its exit code: as words, and as a document."""
    p.write("rows.jsonl", jsonl(two_kinds(20, seed=6)))
    p.run("status", "nowhere")
    p.run("status", "nowhere", "--json")
    p.run("init", "p")
    p.run("init", "p", "--labels", "a,a")
    p.run("init", "p", "--labels", "a;b,c", "--multiple")
    p.run("init", "p", "--labels-from", "rows.jsonl:nothing", "--json")
    p.run("init", "p", *KINDS, "--agent", "oracle")
    p.project("q", *KINDS, *ALONE)
    p.run("init", "q", *KINDS)
    p.run("import", "q", "nothing.csv", "--json")
    p.run("import", "q", "rows.jsonl", "--text", "nothing")
    p.run("import", "q", "rows.jsonl", "--labels-are", "facts")
    p.run("run", "q")
    p.run("import", "q", "rows.jsonl")
    for bad in (
        ("--max-error", "1.5"), ("--max-error", "0.1", "--confidence", "0.2"), ("--agent", "it"),
        ("--max-error", "0.1", "--promise", "world"), ("--reviewer", "me"), ("--prelabel", "few"),
        ("--batch", "-1"), ("--nothing",),
    ):  # fmt: skip
        p.run("run", "q", *bad)
    p.run("run", "q", "--max-error", 1.5, "--json")
    p.run("predict", "q", stdin='{"text": "refund"}\n')
    p.run("run", "q", *BY_LABELS)
    p.run("export", "q", "labels.doc")
    p.run("doubts", "q", "--of", "all")
    p.run("doubts", "q", "--queue", "some")
    p.run("drift", "q", "--json")
    p.run("people", "q", "--annotators", "cheap")
    p.run("people", "q", "--consensus", "vote", "--json")
    p.run("metrics", "q", "--to", "metrics.doc")
    p.run("simulate", "rows.jsonl", "--target", "high")
    p.run("simulate", "rows.jsonl", *HASHING, "--strategies", "luck", "--json")
    p.run("simulate", "q", "--text", "body")
    p.run("restore", "rows.jsonl", "r")
    p.run("backup", "q", "q.zip")
    p.run("restore", "q.zip", "q", "--json")
    p.change("q/labels.yaml", "login", "signin")
    p.run("status", "q", "--json")
    p.append("q/labels.yaml", "nonsense: 1\n")
    p.run("status", "q")
    p.change("q/labels.yaml", "nonsense: 1\n", "")
    p.append("q/tiebreak.toml", "[nonsense]\nkey = 1\n")
    p.run("status", "q", "--json")
    p.run("nonsense")
    p.write("p.json", json.dumps({}))
    p.run("import", "q", "p.json")
