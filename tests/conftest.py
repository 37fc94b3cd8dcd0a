"""What all tests share."""

from __future__ import annotations

import signal

import pytest
from hypothesis import settings

from mathlearn.datasets import load_penguins, penguins_path

# Times of single examples mean nothing on a shared machine; the same examples every time make a failure repeatable.
settings.register_profile("mathlearn", deadline=None, derandomize=True)
settings.load_profile("mathlearn")


def pytest_collection_modifyitems(items):
    """Begin with what takes longest, so that nothing waits for it in the end."""
    items.sort(key=lambda item: item.get_closest_marker("first") is None)


@pytest.fixture(scope="session", autouse=True)
def interruptible():
    """Take Ctrl-C as Python usually does, also where the tests were started in the background, which ignores it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def penguins_csv():
    """Path of the shipped table."""
    return penguins_path()


@pytest.fixture
def penguins():
    """The shipped table as a pandas frame, missing cells and all."""
    return load_penguins()


@pytest.fixture
def figures_closed():
    """Close what a test has drawn, and see that it left Matplotlib's settings as they were."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    before = dict(mpl.rcParams)
    yield
    plt.close("all")
    assert dict(mpl.rcParams) == before
