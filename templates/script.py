#!/usr/bin/env python3
#
# strack: description @DESCRIPTION@
#
# Created @DATE@ by @AUTHOR@.
#
# A colon after "strack" makes the next line this script's own time limit:
# strack timeout 10m
#
# Prerequisites:
#   - none
#
# Rollback plan:
#   - none
#
# git strack runs this once in each environment, from the top of the
# repository.  Standard input is /dev/null and there is no terminal, so it can
# ask nothing.  Exit 0 is done, anything else failed (an exception that nobody
# catches, too); strack-script(7).

import os
import sys


def event(*words):
    """Tell git strack one line; run by hand, it goes nowhere."""
    path = os.environ.get("STRACK_EVENTS") or os.devnull
    line = " ".join(str(word) for word in words)
    with open(path, "a", encoding="utf-8", errors="replace") as events:
        events.write(" ".join(line.splitlines()) + "\n")


def log(level, *words):
    """Log at level debug, info, warn or error."""
    event("log", level, *words)


def skip(*reason):
    """It is not needed here: end, and say why."""
    event("skip", *reason)
    sys.exit(0)


def main():
    # Examples:
    #   log("warn", 3, "users had no e-mail")
    #   if not os.path.exists("data/users.csv"):
    #       skip("No data/users.csv here")

    print("Nothing to do yet: the work goes here.")


if __name__ == "__main__":
    main()
