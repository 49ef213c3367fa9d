"""What went wrong between here and the Hub, as a reason: of exceptions, of refusing answers, of redirects."""

from __future__ import annotations

import contextlib
import email.utils
import math
import re
import time
from collections.abc import Generator
from typing import Final

import httpx2

from app.core.hub import PAUSE_S, HubError, HubReason
from app.worker.transport import one_line, redirect_target, why_unreached

_LONGEST_WAIT_S: Final = 3600.0
# The Hub's own header: "api";r=0;t=55 - none left, more in 55 seconds.
_RATE_LIMIT: Final = re.compile(r'"\w+"\s*;\s*r\s*=\s*0\s*;\s*t\s*=\s*(\d{1,9})')


@contextlib.contextmanager
def faults_named(host: str, timeout_s: float) -> Generator[None]:
    """Whatever httpx2 raises inside becomes a HubError with the reason."""
    try:
        yield
    except httpx2.ProxyError as error:
        raise HubError(HubReason.PROXY, detail=one_line(error)) from error
    except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
        raise _unreached(error, host) from error
    except httpx2.TimeoutException as error:
        raise HubError(HubReason.TOO_SLOW, host=host, timeout_s=f"{timeout_s:g}") from error
    except (httpx2.RemoteProtocolError, httpx2.NetworkError) as error:
        raise HubError(HubReason.CLOSED, host=host) from error
    except (httpx2.UnsupportedProtocol, httpx2.InvalidURL) as error:
        raise HubError(HubReason.BAD_REDIRECT, host=host) from error
    except httpx2.DecodingError as error:
        raise HubError(HubReason.BAD_ANSWER, host=host, detail=one_line(error)) from error
    except httpx2.HTTPError as error:
        raise HubError(HubReason.NO_NETWORK, host=host, detail=one_line(error)) from error


def _unreached(error: Exception, host: str) -> HubError:
    is_distrusted, detail = why_unreached(error)
    return HubError(
        HubReason.NOT_TRUSTED if is_distrusted else HubReason.NO_NETWORK, host=host, detail=detail
    )


def refusal(response: httpx2.Response, host: str, name: str, *, had_token: bool) -> HubError:
    """Why an answer with status 400 or more is none; `name` is what was asked for."""
    status = response.status_code
    code = response.headers.get("x-error-code", "")
    said = response.headers.get("x-error-message", "")
    if code == "GatedRepo":
        return HubError(HubReason.GATED, host=host, name=name)
    if code == "EntryNotFound":
        return HubError(HubReason.NO_SUCH_FILE, host=host, name=name)
    if code == "RevisionNotFound" or said == "Access to this resource is disabled." or status in (404, 410):
        return HubError(HubReason.NOT_FOUND, host=host, name=name)
    if status == 401 and had_token and code != "RepoNotFound":
        return HubError(HubReason.BAD_TOKEN, host=host)
    if status in (401, 403):
        return HubError(HubReason.UNAUTHORISED, host=host, name=name)
    if status == 407:
        return HubError(HubReason.PROXY, detail="it asks for a password")
    if status == 429:
        wait_s = asked_wait(response.headers)
        return HubError(HubReason.TOO_MANY_REQUESTS, wait_s=wait_s, host=host)
    if status == 408 or status >= 500:
        return HubError(HubReason.SERVER_ERROR, wait_s=_told_wait(response.headers), host=host, status=status)
    return HubError(HubReason.BAD_ANSWER, host=host, detail=f"HTTP {status}")


def asked_wait(headers: httpx2.Headers) -> float:
    """Seconds that the server wants to be left alone after a 429: as it says, half a minute if it does not."""
    told = _told_wait(headers)
    return PAUSE_S if told is None else told


def _told_wait(headers: httpx2.Headers) -> float | None:
    """Of Retry-After (seconds or a date) or the Hub's RateLimit; an hour at most."""
    text = headers.get("retry-after", "").strip()
    seconds: float | None = None
    if re.fullmatch(r"\d{1,9}(\.\d*)?", text):
        seconds = float(text)
    elif text:
        with contextlib.suppress(ValueError, TypeError, OverflowError):
            seconds = email.utils.parsedate_to_datetime(text).timestamp() - time.time()
    elif match := _RATE_LIMIT.search(headers.get("ratelimit", "")):
        seconds = float(match[1]) + 1
    return None if seconds is None else min(max(0.0, math.ceil(seconds)), _LONGEST_WAIT_S)


def next_address(url: httpx2.URL, response: httpx2.Response, host: str) -> httpx2.URL:
    """Where a redirect leads; HubError where it is no web address, or one without the safety of this one."""
    if (following := redirect_target(url, response)) is None:
        raise HubError(HubReason.BAD_REDIRECT, host=host)
    return following
