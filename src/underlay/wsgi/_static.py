"""StaticFiles: a folder as a web application, and nothing outside of it."""

from __future__ import annotations

import email.utils
import mimetypes
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from underlay._hooks import AnyLayer
from underlay._resources import Resource
from underlay.wsgi._application import WSGI

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

#: Bytes that are read at once.
PART = 64 * 1024
INDEX = "index.html"
#: Types that mean text; without a charset browsers would guess.
TEXT = ("text/", "application/javascript", "application/json", "image/svg+xml")


class StaticFiles(WSGI):
    """Serves the files of a folder, ``index.html`` for a folder in it.

    Files outside of it are not served, whatever the path says: ``..`` in any spelling, absolute
    paths, links that lead out.

    :param folder: the folder; it may be made later, but must be there when the layer is set up.
        Without, a temporary one, `documentroot`: what a test puts there goes with the test.
    :param bases: layers that must be up before.
    :param name: of the layer; by default that of the module variable which holds it.
    :raises NotADirectoryError: in ``setUp``, if it is no folder.
    """

    documentroot = Resource[str]("The folder, as gocept.httpserverlayer calls it")

    def __init__(
        self,
        folder: str | os.PathLike[str] | None = None,
        *,
        bases: Iterable[AnyLayer] | None = None,
        name: str | None = None,
    ) -> None:
        self._folder = None if folder is None else Path(folder)
        super().__init__(self._files, bases=bases, name=name)

    def setUp(self) -> None:
        folder = self._folder
        if folder is None:
            folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="underlay-")))
        if not folder.is_dir():
            raise NotADirectoryError(f"{self!r} has files to serve from {folder}: no folder.")
        self.documentroot = str(folder)
        super().setUp()

    def _begin_test(self) -> None:
        super()._begin_test()
        if self._folder is None:
            root = Path(self.documentroot)
            self.addCleanup(_remove_all_but, set(root.rglob("*")), root)

    def _files(self) -> Files:
        return Files(Path(self.documentroot))


class Files:
    """The application (PEP 3333).

    :param folder: what is below is served.
    """

    def __init__(self, folder: Path) -> None:
        self._root = folder.resolve()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return _tell(start_response, "405 Method Not Allowed", [("Allow", "GET, HEAD")])
        path = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace")
        found = self._find(path)
        if found and found.is_dir():
            index = self._find(f"{path}/{INDEX}")
            if index and not path.endswith("/"):
                return _tell(
                    start_response, "301 Moved Permanently", [("Location", _slashed(environ))]
                )
            found = index
        elif path.endswith("/"):
            found = None
        if found is None or not found.is_file():
            return _tell(start_response, "404 Not Found")
        return _send(found, environ, start_response)

    def _find(self, path: str) -> Path | None:
        """What a path means, or None: also if it leads out of the folder."""
        parts = [part for part in path.split("/") if part]
        if ".." in parts or "\0" in path or "\\" in path:
            return None
        try:
            found = self._root.joinpath(*parts).resolve(strict=True)
        except (OSError, RuntimeError):  # RuntimeError: links in a circle, before Python 3.13
            return None
        return found if found.is_relative_to(self._root) else None


def _remove_all_but(kept: set[Path], root: Path) -> None:
    for path in sorted(set(root.rglob("*")) - kept, reverse=True):  # what is inside comes first
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink()


def _send(file: Path, environ: WSGIEnvironment, start_response: Any) -> Iterable[bytes]:
    try:
        opened = file.open("rb")
    except OSError:
        return _tell(start_response, "403 Forbidden")
    status = os.fstat(opened.fileno())
    etag = f'"{status.st_mtime_ns:x}-{status.st_size:x}"'
    headers = [
        ("ETag", etag),
        ("Last-Modified", email.utils.formatdate(status.st_mtime, usegmt=True)),
        ("Cache-Control", "no-cache"),  # the next test may have changed the file
    ]
    if _is_known(environ.get("HTTP_IF_NONE_MATCH", ""), etag):
        opened.close()
        start_response("304 Not Modified", headers)
        return []
    headers += [("Content-Type", _type(file)), ("Content-Length", str(status.st_size))]
    start_response("200 OK", headers)
    if environ["REQUEST_METHOD"] == "HEAD" or not stat.S_ISREG(status.st_mode):
        opened.close()
        return []
    return Parts(opened)


class Parts:
    """A file, part by part.

    :param file: open; is closed at the end, or when the client is gone.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self._file.read(PART), b"")

    def close(self) -> None:
        self._file.close()


def _is_known(asked: str, etag: str) -> bool:
    """Whether the client has that version already (RFC 9110, 13.1.2: a weak comparison)."""
    tags = [tag.strip().removeprefix("W/") for tag in asked.split(",")]
    return etag in tags or tags == ["*"]


def _type(file: Path) -> str:
    kind, encoding = mimetypes.guess_type(file.name)
    if kind is None or encoding is not None:
        return "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith(TEXT) else kind


def _slashed(environ: WSGIEnvironment) -> str:
    query = environ.get("QUERY_STRING", "")
    name = environ["PATH_INFO"].rpartition("/")[2].encode("latin-1")
    relative = "".join(f"%{byte:02X}" if byte > 126 or byte < 33 else chr(byte) for byte in name)
    return f"./{relative}/" + (f"?{query}" if query else "")


def _tell(
    start_response: Any, status: str, headers: list[tuple[str, str]] | None = None
) -> Iterable[bytes]:
    text = f"{status}\n".encode()
    kind = [("Content-Type", "text/plain"), ("Content-Length", str(len(text)))]
    start_response(status, [*kind, *(headers or [])])
    return [text]
