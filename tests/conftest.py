"""What all tests share: nothing is skipped, and examples are the same at every build."""

from collections.abc import Generator

import hypothesis
import pytest
from django.core.cache import cache

from tests.sizes import NIGHTLY, size

hypothesis.settings.register_profile(
    "crm",
    database=None,
    deadline=None,
    derandomize=not NIGHTLY,
    max_examples=size(100, 2000),
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.function_scoped_fixture],
)
hypothesis.settings.load_profile("crm")


def _as_failure(report: pytest.TestReport | pytest.CollectReport) -> None:
    """A test that did not run proves nothing, so a skip (or an expected failure) fails the run."""
    if report.outcome == "skipped":
        report.outcome = "failed"
        report.longrepr = f"Skipped, which counts as a failure here: {report.longrepr}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if hasattr(report, "wasxfail"):
        del report.wasxfail
    _as_failure(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _as_failure(report)
    return report


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """Throttles and the tick start anew in each test."""
    cache.clear()
