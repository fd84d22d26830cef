"""Real clients; each says in a word or two what it saw."""

import asyncio
import http.client
import shutil
import socket
import subprocess
import unittest
import urllib.parse

import aiohttp
import httpx
import urllib3

from tests.http.support import GET


def by_http_client(url, patience):
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=patience)
    try:
        connection.request("GET", parts.path)
        answer = connection.getresponse()
        return f"{answer.status} {answer.read().decode()}"
    finally:
        connection.close()


def by_urllib3(url, patience):
    with urllib3.PoolManager(retries=False, timeout=patience) as pool:
        answer = pool.request("GET", url)
        return f"{answer.status} {answer.data.decode()}"


def by_httpx(url, patience):
    with httpx.Client(timeout=patience, trust_env=False) as client:
        answer = client.get(url)
        return f"{answer.status_code} {answer.text}"


def by_aiohttp(url, patience):
    async def ask():
        timeout = aiohttp.ClientTimeout(total=patience)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            async with session.get(url) as answer:
                return f"{answer.status} {await answer.text()}"

    return asyncio.run(ask())


def by_curl(url, patience):
    """Its exit status is 52 for an empty reply, 56 for a reset, and so on."""
    command = ["curl", "--silent", "--noproxy", "*", "--max-time", str(patience)]
    command += ["--write-out", "%{stderr}%{http_code}", url]
    if not shutil.which(command[0]):
        raise unittest.SkipTest("curl is not installed: apt-get install curl")
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if ended.returncode:
        return f"curl {ended.returncode}"
    return f"{ended.stderr.decode()} {ended.stdout.decode()}"


def by_socket(url, patience):
    """What came, and how it ended: FIN, RST or not at all."""
    parts = urllib.parse.urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), patience) as sock:
        received = b""
        try:
            sock.sendall(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            while data := sock.recv(65536):
                received += data
        except (ConnectionResetError, TimeoutError) as error:
            return received, type(error).__name__
        return received, "FIN"


def saw(client, url, patience):
    """What a client returned, or the name of what it raised."""
    try:
        return client(url, patience)
    except Exception as error:
        return type(error).__name__


CLIENTS = (by_http_client, by_urllib3, by_httpx, by_aiohttp, by_curl)
