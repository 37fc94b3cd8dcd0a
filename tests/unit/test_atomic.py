from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mathlearn._atomic import replacing


def test_writes_and_leaves_nothing_else(tmp_path):
    target = tmp_path / "table.csv"
    with replacing(target) as file:
        file.write(b"new")
        assert not target.exists()
    assert target.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [tmp_path / "table.csv"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device"), ValueError])
def test_a_failure_leaves_what_was_there(tmp_path, error):
    target = tmp_path / "table.csv"
    target.write_bytes(b"old")

    def fail():
        with replacing(target) as file:
            file.write(b"half of the n")
            raise error

    with pytest.raises(error if isinstance(error, type) else type(error)):
        fail()
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [tmp_path / "table.csv"]


def test_a_full_disk_leaves_what_was_there(tmp_path):
    # A file size limit makes the system refuse the write in the middle, as a full disk does.
    script = f"""
import resource, signal, sys
from mathlearn._atomic import replacing
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    with replacing({str(tmp_path / "big")!r}) as file:
        file.write(b"x" * 100_000)
except OSError as error:
    sys.exit(7)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 7
    assert not list(tmp_path.iterdir())


def test_keeps_permissions_of_an_existing_file(tmp_path):
    target = tmp_path / "table.csv"
    target.write_bytes(b"old")
    target.chmod(0o640)
    with replacing(target) as file:
        file.write(b"new")
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_new_file_follows_the_umask(tmp_path):
    (tmp_path / "plain").write_bytes(b"")
    with replacing(tmp_path / "made"):
        pass
    assert (tmp_path / "made").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_follows_a_link(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with replacing(tmp_path / "link") as file:
        file.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_a_device_is_written_to_directly():
    with replacing("/dev/null") as file:
        file.write(b"x")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_very_long_name_works(tmp_path):
    target = tmp_path / ("n" * 250)
    with replacing(target) as file:
        file.write(b"x")
    assert target.exists()


def test_an_error_names_the_file_that_was_asked_for(tmp_path, monkeypatch):
    name, opened = str(tmp_path / "x.html"), open

    def refuse(path, mode="r", **options):
        if path.name.endswith(".part"):
            raise FileNotFoundError(2, "No such file or directory", str(path))
        return opened(path, mode, **options)

    monkeypatch.setattr("mathlearn._atomic.open", refuse, raising=False)
    with pytest.raises(FileNotFoundError, match="cannot be written") as caught, replacing(name):
        pass
    assert caught.value.filename == name
    assert ".part" not in str(caught.value)


def test_an_error_in_renaming_names_the_file_too(tmp_path, monkeypatch):
    def refuse(part, target):
        raise PermissionError(13, "Permission denied", str(part), None, str(target))

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(PermissionError) as caught, replacing(tmp_path / "table.csv"):
        pass
    assert (caught.value.filename, caught.value.filename2) == (str(tmp_path / "table.csv"), None)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("error", [OSError("a reader's own words"), FileNotFoundError(2, "No such file", "other.csv")])
def test_an_error_of_something_else_in_the_block_stays_as_it_is(tmp_path, error):
    with pytest.raises(OSError) as caught, replacing(tmp_path / "table.csv"):
        raise error
    assert caught.value is error


def test_a_full_disk_is_named(tmp_path):
    with pytest.raises(OSError, match="No space") as caught, replacing(tmp_path / "table.csv"):
        raise OSError(28, "No space left on device")
    assert caught.value.filename == str(tmp_path / "table.csv")


@pytest.mark.parametrize(("name", "said"), [("", "is empty"), (".", r"\. is a folder")])
def test_what_is_no_file_is_said_to_be_none(name, said):
    with pytest.raises(OSError, match=said), replacing(name):
        pass


def test_no_folder_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "absent" / "table.csv"):
        pass
