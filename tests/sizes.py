"""How much a test does: a little at every build, a lot with CRM_TEST_SIZE=nightly (`make nightly`)."""

import os

NIGHTLY = os.environ.get("CRM_TEST_SIZE") == "nightly"

IN_TURN = os.environ.get("CRM_TEST_IN_TURN") == "yes"  # both databases are run, one after the other (`make test`)


def size(every_build: int, nightly: int) -> int:
    """The number of rows, rounds or examples for this run."""
    return nightly if NIGHTLY else every_build
