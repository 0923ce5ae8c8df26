"""Real data are fetched by their checksums, into the folders where the loaders look for them."""

import hashlib
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from coursebook import data, download

from tests.skips import NO_DATA

CONTENT = b"1 2 3\n"
DIGEST = hashlib.sha256(CONTENT).hexdigest()
PUBLISHED = ("fashion/images.gz", "imdb/imdb.npz", "uci/yacht/data/data.txt")


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, *line: object) -> None:
        pass


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Publish three small files on this machine, in the places where the real ones are on the network."""
    folder = tmp_path / "published"
    for name in PUBLISHED:
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_bytes(CONTENT)
    registry = tmp_path / "uci.sha256"
    registry.write_text(f"{DIGEST} yacht/data.txt\n")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=folder)) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        base = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setattr(download, "FASHION_MNIST_URL", f"{base}/fashion/")
        monkeypatch.setattr(download, "FASHION_MNIST", {"images.gz": f"sha256:{DIGEST}"})
        monkeypatch.setattr(download, "IMDB_URL", f"{base}/imdb/")
        monkeypatch.setattr(download, "IMDB", {"imdb.npz": f"sha256:{DIGEST}"})
        monkeypatch.setattr(download, "UCI_URL", f"{base}/uci/")
        monkeypatch.setattr(download, "UCI", registry)
        yield folder
        server.shutdown()
        thread.join()


def test_files_arrive_where_loaders_look_for_them(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    into = tmp_path / "data"
    monkeypatch.setattr(sys, "argv", ["download", str(into)])
    download.main()
    for name in ("fashion-mnist/images.gz", "imdb/imdb.npz", "uci/yacht/data.txt"):
        assert (into / name).read_bytes() == CONTENT
    assert capsys.readouterr().out == f"Build the book on these data: COURSE_DATA={into} make book\n"


def test_a_file_that_has_changed_is_refused_in_one_line(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (source / "imdb/imdb.npz").write_bytes(b"something else")
    monkeypatch.setattr(sys, "argv", ["download", str(tmp_path / "data")])
    with pytest.raises(SystemExit, match=r"A source has changed: .*imdb\.npz"):
        download.main()


def test_without_a_network_one_line_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "FASHION_MNIST_URL", "http://127.0.0.1:9/")  # where nobody listens
    monkeypatch.setattr(sys, "argv", ["download", str(tmp_path)])
    with pytest.raises(SystemExit) as stop:
        download.main()
    assert str(stop.value).startswith("Nothing can be fetched here (ConnectionError)")
    assert "\n" not in str(stop.value)


@pytest.mark.skipif(data.folder("uci") is None, reason=NO_DATA)
def test_checksums_are_those_of_the_published_files() -> None:
    folder = data.folder("uci")
    assert folder
    for line in download.UCI.read_text("utf-8").splitlines():
        digest, name = line.split()
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name
