"""What a script in Python 3 says to git strack; strack-script(7) is its manual.

    import os, sys
    sys.path.insert(0, os.environ["STRACK_LIB"])
    import strack

Tried by hand, outside of a run, all of it works and goes to standard error.
"""

import os
import signal
import subprocess
import sys
import time

LEVELS = ("debug", "info", "warn", "error")


def _event(*words):
    """One line, and one write(2), so that lines of several processes don't mix."""
    line = " ".join(str(word) for word in words)
    line = "".join(" " if ord(c) < 32 or ord(c) == 127 else c for c in line)
    data = (line.rstrip(" ") + "\n").encode("utf-8", "replace")
    path = os.environ.get("STRACK_EVENTS")
    if not path:
        sys.stderr.write(data.decode("utf-8"))
        sys.stderr.flush()
        return
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
    try:
        os.write(fd, data)
    finally:
        os.close(fd)


def log(level, *words):
    """A message; level is debug, info, warn or error."""
    if level not in LEVELS:
        raise ValueError(f"strack.log: {level!r} is no level")
    _event("log", level, *words)


def log_progress(current, total=None, label=""):
    """How far it is, in whole numbers."""
    _event("progress", int(current), "-" if total is None else int(total), label)


def skip(*reason):
    """It is not needed here: ends the script (by SystemExit) with 0."""
    _event("skip", *reason)
    sys.exit(0)


def mask(text):
    """From now on this text becomes *** in all that is stored or shown."""
    _event("mask", text)


def checkpoint(name, value):
    """After the work that it stands for; the next attempt finds it."""
    name, value = str(name), str(value)
    if not name or " " in name or "=" in name or not value:
        raise ValueError("strack.checkpoint: a name and a value are needed")
    _event("checkpoint", name, value)


def resume_from(name, default=None):
    """The last value of that checkpoint in the attempts before, as text."""
    path = os.environ.get("STRACK_RESUME")
    if not path:
        return default
    with open(path, encoding="utf-8", errors="replace", newline="\n") as lines:
        for line in lines:
            key, _, value = line.rstrip("\n").partition(" ")
            if key == name:
                return value
    return default


def check_timeout(seconds=0):
    """Are more than that left until the time limit?"""
    deadline = os.environ.get("STRACK_DEADLINE")
    return not deadline or time.time() + seconds < int(deadline)


class Stopped(SystemExit):
    """Raised between two batches: 143 after a signal, 75 out of time."""


def process_in_batches(
    records,
    work,
    size=500,
    key=str,
    name="batch",
    resumed=False,
    total=None,
    label="",
    sleep=0,
    throttle=None,
):
    """Calls work(list) with some records at a time; returns how many in all.

    After each batch there is a checkpoint, key(record) of its last record, and
    the next attempt goes on behind it: so the records must come in the same
    order again, or, with resumed, begin behind it.  throttle is a function that
    says whether to go on, or a shell command that fails as long as not.  After
    SIGTERM, SIGINT or SIGHUP, and when the time that is left is less than the
    longest batch took, Stopped is raised before the next batch.
    """
    stop = []
    behind = None if resumed else resume_from(name)
    handled = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    old = {s: signal.signal(s, lambda *_: stop.append(1)) for s in handled}
    longest = done = 0
    batch = []

    def may_go_on():
        if callable(throttle):
            return throttle()
        code = subprocess.call(throttle, shell=True, stdin=subprocess.DEVNULL)
        return code == 0

    def one():
        nonlocal longest, done, batch
        if done and sleep:
            time.sleep(sleep)
        paused = False
        while not stop and throttle and check_timeout(longest) and not may_go_on():
            if not paused:
                log("info", "paused")
            paused = True
            time.sleep(1)
        if stop:
            log("warn", "stopped before the next batch")
            raise Stopped(143)
        if not check_timeout(longest):
            log("warn", "the time that is left is not enough for a batch")
            raise Stopped(75)
        began = time.time()
        work(batch)
        longest = max(longest, time.time() - began)
        checkpoint(name, key(batch[-1]))
        done += len(batch)
        batch = []
        log_progress(done, total, label)

    try:
        for record in records:
            if behind is not None:
                done += 1
                if str(key(record)) == behind:
                    behind = None
                continue
            batch.append(record)
            if len(batch) >= size:
                one()
        if behind is not None:
            raise LookupError(
                f"no record has the key {behind!r}, behind which to go on; "
                "git strack run --retry --from-start begins at the beginning"
            )
        if batch:
            one()
    finally:
        for s, handler in old.items():
            signal.signal(s, handler)
    return done
