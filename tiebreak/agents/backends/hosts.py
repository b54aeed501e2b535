"""Where a chat server stands: on this machine, at OpenAI, or elsewhere. No SDK is imported."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

OPENAI = "https://api.openai.com/v1"
NO_KEY = "none"
"""Sent where a server wants no key; the SDK insists on one."""


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its address or as localhost. Other names are not."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_openai(host: str) -> bool:
    """Whether a host is one of OpenAI's own."""
    return host == "openai.com" or host.endswith(".openai.com")


def chat_id(model: str, base_url: str) -> str:
    """``openai:<model>``; with ``@host`` where the same name may be another model: elsewhere."""
    host = urlsplit(base_url).hostname or ""
    if not host or is_loopback(host) or is_openai(host):
        return f"openai:{model}"
    return f"openai:{model}@{host}"
