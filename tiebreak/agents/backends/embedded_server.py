"""The embedded server's own process: llama.cpp's chat API on a free loopback port.

Run as a script by `tiebreak.agents.backends.embedded`, which holds its standard input: when that
closes, however the parent ended, this ends. A process of its own keeps llama.cpp's output, its
threads and its sometimes endless shutdown away from ours. It imports nothing of tiebreak.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

READY = "ready "
FAILED = "failed "


def main() -> None:
    """Serve until standard input closes. The first line out is the address or what went wrong."""
    parent = os.dup(1)
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 1)
    os.dup2(devnull, 2)
    try:
        server = start(json.loads(sys.argv[1]))
        line = READY + server.listening_address
    except Exception as problem:  # whatever llama.cpp's wrapper throws is told to the parent
        line = FAILED + " ".join(f"{type(problem).__name__}: {problem}".split())
    os.write(parent, (line + "\n").encode())
    if line.startswith(READY):
        sys.stdin.buffer.read()
    os._exit(0)


def start(options: dict[str, Any]) -> Any:
    """The running server. *options*: model (path), context and parallel (slots), threads."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = options["model"]
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_ctx = options["context"] * options["parallel"]
    params.n_parallel = options["parallel"]
    params.cpuparams.n_threads = options["threads"]
    params.cpuparams_batch.n_threads = options["threads"]
    params.verbosity = -1
    params.warmup = False
    params.ui = False
    return xllamacpp.Server(params)


if __name__ == "__main__":
    main()
