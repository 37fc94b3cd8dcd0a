"""Credentials in what a user typed and in what others say of an error: they are not shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["redacted", "secrets_of", "told"]

# A password may hold what separates other parts of an address; only digits after the colon are a port.
_USER_INFO = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?P<user>[^/@:\s'\"]*:(?!\d+[/\s'\"])[^\s'\"]*|[^/\s'\"]*)@"
)
_QUERY = re.compile(r"(?P<before>[?&;](?:[^=&\s'\"]*)=)(?P<value>[^&\s'\"]+)")
_WORDS = r"(?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|credential)"
_VALUE = r"(?:'[^']*'|\"[^\"]*\"|[^\s'\"&;,]+)"
_OPTION = re.compile(rf"(?P<name>(?<!\S)--?[\w-]*{_WORDS}[\w-]*(?:=|\s+)){_VALUE}", re.IGNORECASE)
_SETTING = re.compile(rf"(?P<name>\b[\w.-]*{_WORDS}[\w.-]*=){_VALUE}", re.IGNORECASE)
_HIDDEN = "[redacted]"


def redacted(text: str) -> str:
    """Take credentials out of what a user typed: those in URLs, values of URL queries, values called passwords or keys.

    Examples
    --------
    >>> redacted("s3://me:secret@bucket/sales.parquet?signature=abc")
    's3://[redacted]@bucket/sales.parquet?signature=[redacted]'
    """
    text = _USER_INFO.sub(rf"\g<scheme>{_HIDDEN}@", text)
    if "://" in text:
        text = _QUERY.sub(rf"\g<before>{_HIDDEN}", text)
    for secret in (_OPTION, _SETTING):
        text = secret.sub(rf"\g<name>{_HIDDEN}", text)
    return text


def secrets_of(address: str, options: Mapping[str, Any]) -> frozenset[str]:
    """Return what must not be shown of an address, and of the options with which it is opened.

    Examples
    --------
    >>> options = {"client": {"key": "d", "endpoint": "http://e:f@host/"}, "anon": False}
    >>> sorted(secrets_of("s3://me:a%2Fb@bucket/x.csv?sig=c", options))
    ['a%2Fb', 'a/b', 'c', 'd', 'f']
    """
    texts = [address, *_texts(options)]
    within = {secret for text in texts for secret in _within(text)}
    typed = within.union(text for text in texts if "://" not in text)
    return frozenset(typed | {unquote(secret) for secret in typed}) - {""}


def _within(address: str) -> Iterator[str]:
    """Yield the passwords, or users without one, and the values of queries that stand in an address."""
    for found in _USER_INFO.finditer(address):
        yield found["user"].partition(":")[2] or found["user"]
    for found in _QUERY.finditer(address):
        yield found["value"]


def _texts(value: Any) -> Iterator[str]:
    """Yield every text in nested options."""
    match value:
        case str():
            yield value
        case bytes():
            yield value.decode(errors="replace")
        case Mapping():
            for one in value.values():
                yield from _texts(one)
        case list() | tuple():
            for one in value:
                yield from _texts(one)


def told(error: BaseException, secrets: frozenset[str]) -> str:
    """Return what an error says, and only its kind where it repeats a secret.

    Examples
    --------
    >>> told(OSError("no route to host"), frozenset({"hunter2"}))
    'OSError: no route to host'
    >>> told(OSError("login as me, hunter2, failed"), frozenset({"hunter2"}))
    'OSError (what it says repeats a credential, and is left out)'
    """
    kind, said = type(error).__name__, str(error)
    if any(secret in said for secret in secrets):
        return f"{kind} (what it says repeats a credential, and is left out)"
    return f"{kind}: {redacted(said)}" if said else kind
