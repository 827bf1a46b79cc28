"""Make .venv and install the locked packages into it, saying in one sentence what is wrong when that cannot be done.

Called by the Makefile as `python3 requirements/install.py run|test`. It needs nothing but the standard library, and its
syntax stays readable for Python 3.3, so that an old interpreter prints the sentence below and no traceback.
"""

import os
import subprocess
import sys

OLDEST = (3, 11)
LOCKS = {
    "run": ["base.txt", "embedded.txt"],
    "test": ["base.txt", "embedded.txt", "dev.txt", "e2e.txt"],
}
HERE = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(os.path.dirname(HERE), ".venv")


def stop(sentence):
    """End with one sentence on stderr and exit status 1."""
    sys.stderr.write(sentence + "\n")
    sys.exit(1)


def check_python(what):
    """Stop unless this interpreter is new enough and can make a virtual environment; `what` is the target to repeat."""
    if sys.version_info < OLDEST:
        found = ".".join(str(part) for part in sys.version_info[:3])
        wanted = ".".join(str(part) for part in OLDEST)
        stop(
            "Python %s or newer is needed, but this python3 is %s; try: make %s PYTHON=python%s"
            % (wanted, found, what, wanted)
        )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        stop(
            "This python3 cannot make a virtual environment: its venv module is missing; "
            "on Debian and Ubuntu it comes with: apt-get install python3-venv"
        )


def is_fresh(stamp, locks):
    """Whether the packages were installed after each of the lock files was last written."""
    if not os.path.exists(stamp):
        return False
    done = os.path.getmtime(stamp)
    return all(os.path.getmtime(lock) <= done for lock in locks)


def run(command, failure):
    """Run one step with its output passed through, and stop with the sentence `failure` when it fails."""
    if subprocess.call(command) != 0:
        stop(failure)


def install(what):
    """Bring .venv up to the locks of `what` ("run" or "test"), under a lock so that two runs at once do not collide."""
    check_python(what)
    import fcntl
    import venv

    locks = [os.path.join(HERE, name) for name in LOCKS[what]]
    if not os.path.isdir(VENV):
        os.makedirs(VENV)
    with open(os.path.join(VENV, ".lock"), "w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        stamp = os.path.join(VENV, ".%s.stamp" % what)
        if is_fresh(stamp, locks):
            return
        python = os.path.join(VENV, "bin", "python")
        made = os.path.join(VENV, ".made")
        if not os.path.exists(made) or not os.path.exists(python):
            print("Making the virtual environment .venv ...")
            sys.stdout.flush()
            venv.create(VENV, with_pip=True, symlinks=True)
            open(made, "w").close()
        print("Installing the packages for `make %s`; this takes about half a minute the first time ..." % what)
        sys.stdout.flush()
        command = [python, "-m", "pip", "--disable-pip-version-check", "install", "-q", "--require-hashes", "--no-deps"]
        for lock in locks:
            command += ["-r", lock]
        run(command, "The packages could not be installed; pip's own words are above.")
        for name in LOCKS:
            if set(LOCKS[name]) <= set(LOCKS[what]):
                open(os.path.join(VENV, ".%s.stamp" % name), "w").close()


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in LOCKS:
        stop("usage: install.py " + "|".join(sorted(LOCKS)))
    install(sys.argv[1])
