"""How often the clock's jobs run. Each asks what is due, so a lost or doubled run changes nothing but the delay."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

# job, seconds between runs
EVERY = [
    ("crm.jobs.tick", 5),
    ("bitrix24.jobs.push", 5),
    ("leads.jobs.hand_out", 20),
    ("leads.jobs.pass_on", 60),
    ("leads.jobs.escalate_uncalled", 60),
    ("leads.jobs.carry_files", 20),
    ("leads.jobs.carry_bulk", 20),
    ("leads.jobs.clear_files", 600),
    ("leads.jobs.forget_traces", 3600),
    ("tasks.jobs.remind", 20),
    ("tasks.jobs.escalate", 60),
    ("reports.jobs.send_digests", 60),
    ("reports.jobs.keep_tallies", 20),
    ("team.jobs.end_shifts", 60),
    ("history.jobs.seal_journal", 60),
]

# A run that waits longer than three of its turns is worth nothing: the next one does its work.
BEAT: dict[str, dict[str, Any]] = {
    job: {"task": job, "schedule": timedelta(seconds=seconds), "options": {"expires": 3 * seconds}}
    for job, seconds in EVERY
}
