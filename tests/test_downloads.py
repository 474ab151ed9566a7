"""Downloads, tried on tiny files that these tests make and serve on loopback."""

import errno
import hashlib
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests

from helpers import downloads
from helpers.downloads import DownloadError, Source, fetch

NAME = "toys/letters.bin"
CONTENT = bytes(range(256)) * 400
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server(http.server.ThreadingHTTPServer):
    """Serves `files` by path; `cut` ends bodies early, `slow` waits between pieces, `seen` lists what was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {f"/{NAME}": CONTENT}
        self.seen: list[str] = []
        self.cut, self.slow, self.broken, self.announce = 0, 0.0, 0, True
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def handle_error(self, *_: object) -> None:
        """A client that hangs up, as some tests do, is no news."""

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers from what the server was told."""

    def do_GET(self) -> None:
        self.server.seen.append(self.path)
        body = self.server.files.get(self.path)
        if self.server.broken > 0:
            self.server.broken -= 1
            return self.send_error(503)
        if body is None:
            return self.send_error(404)
        self.send_response(200)
        if self.server.announce:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        body = body[: len(body) - self.server.cut]
        for start in range(0, len(body), 1 + len(body) // 4):
            self.wfile.write(body[start : start + 1 + len(body) // 4])
            self.wfile.flush()
            time.sleep(self.server.slow)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server():
    one = Server()
    yield one
    one.stop()


@pytest.fixture
def cache(monkeypatch, tmp_path, server) -> Path:
    """An empty cache, and a registry with one file that `server` serves."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "COURSE_MIRROR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(downloads, "PAUSE", 0.01)
    monkeypatch.setattr(downloads, "REGISTRY", {NAME: Source(SHA256, (f"{server.url}/{NAME}",))})
    return tmp_path / "cache"


def files_under(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def fails(*words: str) -> str:
    """Fetch, see it refused in one sentence that has all the words and the file's name, and return the sentence."""
    with pytest.raises(DownloadError) as caught:
        fetch(NAME)
    message = str(caught.value)
    assert "\n" not in message and message.endswith(".")
    for word in (*words, Path(NAME).name if "cache folder" not in words else ""):
        assert word in message, (word, message)
    assert caught.value.__suppress_context__ or not caught.value.__context__, "the traceback would be long"
    return message


def test_right_file_arrives_whole_and_readable_by_others(cache, server):
    path = fetch(NAME)
    assert path == cache / NAME and path.read_bytes() == CONTENT
    assert files_under(cache) == [NAME]
    assert path.stat().st_mode & 0o444 == 0o444


def test_second_use_needs_no_server(cache, server):
    fetch(NAME)
    server.stop()
    assert fetch(NAME).read_bytes() == CONTENT
    assert server.seen == [f"/{NAME}"]


def test_second_use_works_from_a_cache_that_cannot_be_written(cache, server, monkeypatch):
    fetch(NAME)
    monkeypatch.setattr(downloads.pooch, "retrieve", lambda *_, **__: pytest.fail("wrote to the cache"))
    assert fetch(NAME).read_bytes() == CONTENT


def test_damaged_file_in_the_cache_is_replaced(cache, server):
    (cache / NAME).parent.mkdir(parents=True)
    (cache / NAME).write_bytes(CONTENT[:-1])
    assert fetch(NAME).read_bytes() == CONTENT


def test_wrong_content_is_refused_and_removed(cache, server):
    wrong = b"<html>please log in</html>"
    server.files[f"/{NAME}"] = wrong
    fails("another content", hashlib.sha256(wrong).hexdigest()[:8], SHA256[:8], server.url, "COURSE_MIRROR")
    assert files_under(cache) == []


@pytest.mark.parametrize(("announce", "word"), [(True, "broke off"), (False, "another content")])
def test_truncated_file_is_refused_and_removed(cache, server, announce, word):
    server.cut, server.announce = 1000, announce
    fails(word, "check the network")
    assert files_under(cache) == []


def test_server_gone(cache, server):
    server.stop()
    fails("no connection", server.url, "check the network", "COURSE_MIRROR", "data/README.md", "embedded sets")
    assert not cache.exists() or files_under(cache) == []


def test_missing_on_the_server(cache, server):
    server.files.clear()
    fails("answered 404")


def test_no_answer_in_time(cache, server, monkeypatch):
    server.slow = 1.0
    monkeypatch.setattr(downloads, "TIMEOUT", (1, 0.05))
    monkeypatch.setattr(downloads, "ROUNDS", 1)
    fails("no answer in time")
    assert files_under(cache) == []


def test_a_short_trouble_is_tried_again(cache, server):
    server.broken = 1
    assert fetch(NAME).read_bytes() == CONTENT
    assert len(server.seen) == 2


def test_the_next_mirror_helps(cache, server, monkeypatch):
    down, wrong = Server(), Server()
    down.stop()
    wrong.files[f"/{NAME}"] = b"moved"
    urls = tuple(f"{one.url}/{NAME}" for one in (down, wrong, server))
    monkeypatch.setattr(downloads, "REGISTRY", {NAME: Source(SHA256, urls)})
    assert fetch(NAME).read_bytes() == CONTENT
    assert len(wrong.seen) == 1 and len(server.seen) == 1
    wrong.stop()


@pytest.mark.parametrize("form", ["{}", "{}/", "file://{}"])
def test_mirror_folder_comes_first(cache, server, monkeypatch, tmp_path, form):
    (tmp_path / "usb stick" / NAME).parent.mkdir(parents=True)
    (tmp_path / "usb stick" / NAME).write_bytes(CONTENT)
    folder = str(tmp_path / "usb stick")
    monkeypatch.setenv("COURSE_MIRROR", form.format(folder.replace(" ", "%20") if "file:" in form else folder))
    assert fetch(NAME) == cache / NAME and (cache / NAME).read_bytes() == CONTENT
    assert server.seen == []


def test_mirror_address_comes_first(cache, server, monkeypatch):
    mirror = Server()
    mirror.files = {f"/course/{NAME}": CONTENT}
    monkeypatch.setenv("COURSE_MIRROR", mirror.url + "/course/")
    assert fetch(NAME).read_bytes() == CONTENT
    assert mirror.seen == [f"/course/{NAME}"] and server.seen == []
    mirror.stop()


def test_a_cache_can_be_another_ones_mirror(cache, server, monkeypatch, tmp_path):
    fetch(NAME)
    server.stop()
    monkeypatch.setenv("COURSE_MIRROR", str(cache))
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "other"))
    assert fetch(NAME) == tmp_path / "other" / NAME


@pytest.mark.parametrize("mirror", ["/nowhere/at/all", "http://", "example.invalid/course", "gopher://old"])
def test_a_bad_mirror_is_named_and_passed_over(cache, server, monkeypatch, mirror):
    monkeypatch.setenv("COURSE_MIRROR", mirror)
    assert fetch(NAME).read_bytes() == CONTENT
    shutil.rmtree(cache)
    server.stop()
    assert "another content" not in fails(f"{mirror.rstrip('/')}/{NAME}: ", "no connection")


def test_wrong_content_in_a_mirror_folder(cache, server, monkeypatch, tmp_path):
    (tmp_path / NAME).parent.mkdir()
    (tmp_path / NAME).write_bytes(b"old version")
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path))
    server.stop()
    fails(f"{tmp_path}/{NAME}: another content")
    assert files_under(cache) == []


def test_cache_that_cannot_be_made(cache, server, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "file" / "cache"))
    fails("cache folder", str(tmp_path / "file" / "cache"), "Not a directory", "COURSE_CACHE")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EACCES, ("cache folder", "Permission denied", "COURSE_CACHE")),
        (errno.EROFS, ("cache folder", "Read-only file system", "COURSE_CACHE")),
        (errno.ENOSPC, ("disk is full", "free some space", "COURSE_CACHE")),
    ],
)
def test_cache_that_cannot_keep_the_file(cache, server, monkeypatch, number, words):
    """The error comes while the body is written; what was written goes away again."""

    def write(address: str, target: str, _pooch: object) -> None:
        Path(target).write_bytes(CONTENT[:100])
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(downloads, "_stream", write)
    fails(*words)
    assert files_under(cache) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_a_really_full_disk(cache, server, monkeypatch):
    stream = downloads._stream
    monkeypatch.setattr(downloads, "_stream", lambda address, _target, p: stream(address, "/dev/full", p))
    fails("disk is full")
    assert files_under(cache) == []


def test_interrupt_leaves_nothing_behind(cache, server, monkeypatch):
    def interrupted(address: str, target: str, _pooch: object) -> None:
        Path(target).write_bytes(CONTENT[:100])
        raise KeyboardInterrupt

    monkeypatch.setattr(downloads, "_stream", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fetch(NAME)
    assert files_under(cache) == []


def test_losing_a_race_is_no_error(cache, server, monkeypatch):
    """Where a file in use cannot be replaced (Windows), the other process's good copy is taken."""

    def lost(*_: object, **__: object) -> None:
        (cache / NAME).parent.mkdir(parents=True)
        (cache / NAME).write_bytes(CONTENT)
        raise PermissionError(errno.EACCES, "in use")

    monkeypatch.setattr(downloads.pooch, "retrieve", lost)
    assert fetch(NAME) == cache / NAME


def test_two_processes_at_once(cache, server):
    server.slow = 0.2
    code = (
        "import sys; from helpers import downloads as d\n"
        "d.REGISTRY = {sys.argv[1]: d.Source(sys.argv[2], (sys.argv[3],))}\n"
        "print('ready', flush=True); sys.stdin.readline(); print(d.fetch(sys.argv[1]))"
    )
    command = [sys.executable, "-c", code, NAME, SHA256, f"{server.url}/{NAME}"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    both = [subprocess.Popen(command, **pipes) for _ in range(2)]
    for one in both:
        assert one.stdout.readline() == "ready\n"
    for one in both:
        one.stdin.write("go\n")
        one.stdin.flush()
    assert [one.communicate(timeout=20)[0].strip() for one in both] == [str(cache / NAME)] * 2
    assert [one.returncode for one in both] == [0, 0]
    assert len(server.seen) == 2, "the two did not overlap, so nothing was tested"
    assert (cache / NAME).read_bytes() == CONTENT and files_under(cache) == [NAME]


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"'mnist'.*mnist/train-images-idx3-ubyte\.gz.*tiny-shakespeare/input\.txt"):
        fetch("mnist")


def test_cache_folder_is_inside_the_course_unless_told(monkeypatch, tmp_path):
    monkeypatch.delenv("COURSE_CACHE", raising=False)
    assert downloads.cache_folder() == downloads.DATA / "cache"
    monkeypatch.setenv("COURSE_CACHE", "~/course")
    assert downloads.cache_folder() == Path.home() / "course"


def test_registry_is_well_formed():
    for name, source in downloads.REGISTRY.items():
        assert re.fullmatch(r"[a-z0-9-]+/[a-z0-9._-]+", name)
        assert re.fullmatch(r"[0-9a-f]{64}", source.sha256)
        assert len(source.urls) >= 2 and len({requests.utils.urlparse(url).netloc for url in source.urls}) >= 2
    assert len({source.sha256 for source in downloads.REGISTRY.values()}) == len(downloads.REGISTRY) == 14


def test_registry_is_in_the_datasheet():
    text = (downloads.DATA / "README.md").read_text(encoding="utf-8")
    for name, source in downloads.REGISTRY.items():
        assert name in text and source.sha256 in text, json.dumps(name)
