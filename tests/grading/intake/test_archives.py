"""Downloads are read without unpacking: no path leads out, no bomb goes off, and every refusal has a reason."""

import io
import os
import stat
import zipfile
from pathlib import Path

import pytest

from autograder.grading.errors import CourseError
from autograder.grading.intake import archives
from autograder.grading.intake.archives import Entry, Refused, entries


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def read(entry: Entry) -> bytes | str:
    """Return a file's bytes, or why there are none."""
    try:
        return entry.read()
    except Refused as refused:
        return str(refused)


def found(download: Path) -> dict[str, bytes | str]:
    return {str(entry.path): read(entry) for entry in entries(download)}


def test_folders_and_zips_within_zips_are_one_tree(tmp_path: Path) -> None:
    inner = zipped({"work/a.ipynb": b"inner"})
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "b.ipynb").write_bytes(b"file")
    (tmp_path / "class" / "ann.ZIP").write_bytes(zipped({"deep.zip": inner, "c.ipynb": b"zip"}))
    assert found(tmp_path) == {
        "class/b.ipynb": b"file",
        "class/ann.ZIP/c.ipynb": b"zip",
        "class/ann.ZIP/deep.zip/work/a.ipynb": b"inner",
    }


def test_what_systems_and_we_leave_behind_is_not_looked_at(tmp_path: Path) -> None:
    for name in (".git/x.ipynb", "__MACOSX/._x.ipynb", "ann/.ipynb_checkpoints/x.ipynb", "lost+found/x", "ann/x.ipynb"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "graded" / "ann").mkdir(parents=True)
    (tmp_path / "graded" / "verdicts.jsonl").write_text("")
    (tmp_path / "graded" / "ann" / "x.ipynb").write_text("")
    (tmp_path / "a.zip").write_bytes(zipped({"__MACOSX/._y.ipynb": b"", ".DS_Store": b"", "y.ipynb": b""}))
    assert list(found(tmp_path)) == ["a.zip/y.ipynb", "ann/x.ipynb"]


@pytest.mark.parametrize(
    "name",
    ["../../evil.ipynb", "/etc/evil.ipynb", "a/../../evil.ipynb", "..\\evil.ipynb", "C:\\evil.ipynb", "C:evil.ipynb"],
)
def test_paths_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.zip").write_bytes(zipped({name: b"x"}))
    ((path, why),) = found(tmp_path / "a.zip").items()
    assert why == "its path leads out of the zip"
    assert ".." not in path
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.zip"]


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFBLK])
def test_links_and_devices_in_a_zip_are_refused(tmp_path: Path, kind: int) -> None:
    info = zipfile.ZipInfo("x.ipynb")
    info.external_attr = (kind | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    assert found(tmp_path / "a.zip") == {"x.ipynb": "it is a link, or no regular file"}


def test_links_and_pipes_in_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "file.ipynb").symlink_to("/etc/passwd")
    (tmp_path / "folder").symlink_to("/etc")
    os.mkfifo(tmp_path / "pipe.ipynb")
    assert found(tmp_path) == {
        "file.ipynb": "it is a link",
        "folder": "it is a link",
        "pipe.ipynb": "it is no regular file",
    }


def test_bombs_do_not_go_off(tmp_path: Path) -> None:
    zeros = b"\0" * (65 * 2**20)
    inner = zipped({"big.ipynb": zeros, "fine.ipynb": b"x"})
    (tmp_path / "a.zip").write_bytes(zipped({"ann.zip": inner, "huge.zip": zipped({"z": zeros}, 0)}))
    assert found(tmp_path / "a.zip") == {
        "ann.zip/big.ipynb": "it is larger than 64 MB",
        "ann.zip/fine.ipynb": b"x",
        "huge.zip": "it is larger than 64 MB",
    }


def test_a_zip_of_many_large_files_is_read_up_to_a_bound(tmp_path: Path) -> None:
    megabytes = zipped({f"{number:02}.ipynb": b"\0" * (15 * 2**20) for number in range(20)})
    (tmp_path / "a.zip").write_bytes(zipped({"ann.zip": megabytes}))
    outcomes = [isinstance(read(entry), bytes) for entry in entries(tmp_path / "a.zip")]
    assert outcomes == [True] * 17 + [False] * 3


def test_zips_that_hold_themselves_end(tmp_path: Path) -> None:
    data = zipped({"x.ipynb": b""})
    for _ in range(20):
        data = zipped({"a.zip": data})
    (tmp_path / "a.zip").write_bytes(data)
    ((path, why),) = found(tmp_path / "a.zip").items()
    assert why == "it lies too deep in folders and zips"
    assert path.count("a.zip") <= archives.MAX_DEPTH + 1


@pytest.mark.parametrize("damage", ["nonsense", "cut", "locked", "bits"])
def test_damage_is_a_reason_and_no_traceback(tmp_path: Path, damage: str) -> None:
    data = bytearray(zipped({"x.ipynb": os.urandom(1000)}, zipfile.ZIP_DEFLATED))
    if damage == "cut":
        del data[len(data) // 2 :]
    elif damage == "locked":
        data[6] |= 1
        data[data.index(b"PK\1\2") + 8] |= 1
    elif damage == "bits":
        data[60:200] = b"\xff" * 140
    else:
        data[:] = b"nonsense"
    (tmp_path / "ann.zip").write_bytes(bytes(data))
    ((_, why),) = found(tmp_path).items()
    assert isinstance(why, str)
    assert "zip" in why


@pytest.mark.parametrize(("make", "says"), [("nothing", "does not exist"), ("text", "neither a folder nor a zip")])
def test_what_is_no_download_is_one_clear_line(tmp_path: Path, make: str, says: str) -> None:
    if make == "text":
        (tmp_path / "x").write_text("hello")
    with pytest.raises(CourseError, match=says):
        list(entries(tmp_path / "x"))


def test_there_is_a_bound_on_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_FILES", 3)
    for number in range(5):
        (tmp_path / f"{number}.txt").write_text("")
    with pytest.raises(CourseError, match="more than 3 files"):
        list(entries(tmp_path))
