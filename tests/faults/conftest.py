"""Some faults are of one database alone, so their files belong to one of the two runs."""

from tests.races import ON_POSTGRES

collect_ignore = ["test_embedded_killed.py"] if ON_POSTGRES else []
