"""What the app is started with: ports, addresses, Streamlit's options."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest

from tiebreak.errors import UsageError
from tiebreak.ui.server.app import FIRST_PORT, config, free_port


def test_a_taken_port_is_refused_by_name() -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=str(port)):
            free_port("127.0.0.1", port)


def test_without_a_port_the_first_free_one_is_taken() -> None:
    first = free_port("127.0.0.1", 0)
    assert first >= FIRST_PORT
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", first))
        taken.listen()
        assert free_port("127.0.0.1", 0) > first


def test_on_loopback_no_other_name_opens_the_socket() -> None:
    assert config("127.0.0.1", 1)["server.allowedHosts"] == ["127.0.0.1", "localhost", "::1"]
    assert "server.allowedHosts" not in config("0.0.0.0", 1)


def test_streamlit_knows_every_option_and_phones_nobody() -> None:
    from streamlit import config as streamlit_config

    options = config("127.0.0.1", 8501)
    assert set(options) <= set(streamlit_config._config_options_template)
    assert options["browser.gatherUsageStats"] is False
    assert options["client.showErrorDetails"] == "none"
    assert options["server.headless"] is True
