import pytest

from autograder.kernels import doctor
from autograder.kernels.doctor import UnavailableLevel, best, levels, strongest
from autograder.kernels.worker import open_worker


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch):
    levels.cache_clear()
    yield monkeypatch
    levels.cache_clear()


def test_the_levels_come_best_first_and_the_last_is_always_there():
    assert [level.name for level in levels()] == ["sandbox", "landlock", "process"]
    assert levels()[-1].available
    assert all(level.reason for level in levels())


def test_auto_takes_the_first_that_is_available(fresh):
    fresh.setattr(doctor, "lacking", lambda name: "it is broken" if name == "sandbox" else "")
    assert best("auto") == "landlock"
    assert best("process") == "process"
    with pytest.raises(UnavailableLevel, match="sandbox is not available: it is broken"):
        best("sandbox")


def test_a_level_that_does_not_exist_is_refused():
    with pytest.raises(UnavailableLevel, match="choose auto, sandbox, landlock, process"):
        open_worker("fortress")


def test_without_bubblewrap_the_doctor_says_how_to_get_it(fresh):
    fresh.setenv("PATH", "/nowhere")
    sandbox, *_ = levels()
    assert not sandbox.available
    assert "apt install bubblewrap" in sandbox.reason


def test_a_failed_trial_is_explained(fresh):
    fresh.setattr(doctor, "trial", lambda name: "unshare: Operation not permitted")
    assert [level.available for level in levels()] == [False, False, True]
    assert "unshare: Operation not permitted" in levels()[0].reason
    assert "apparmor_restrict_unprivileged_userns" in levels()[0].reason


def test_auto_never_falls_to_a_level_that_keeps_nothing_in(fresh):
    fresh.setattr(doctor, "lacking", lambda name: "" if name == "process" else f"no {name} here")
    with pytest.raises(UnavailableLevel, match=r"no sandbox here.*no landlock here.*`--isolation process` by name"):
        best("auto")
    assert best("process") == strongest() == "process"
