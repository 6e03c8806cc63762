"""Counting and naming what agrees and what does not, for check_vectors.py."""

import sys
import time
import traceback


class Report:
    """Counts checks by section and keeps every disagreement."""

    def __init__(self):
        self.disagreements = []
        self.started = time.monotonic()
        self._section = ""
        self._counts = {}
        self._checks = 0
        self._since = 0.0

    def section(self, name):
        """Begins a section."""
        self._section, self._counts, self._checks, self._since = name, {}, 0, time.monotonic()

    def item(self, kind, name, check):
        """Runs a check of one vector; an exception in it is a disagreement too."""
        self._counts[kind] = self._counts.get(kind, 0) + 1
        self._progress(name)
        try:
            check()
        except Exception as error:  # whatever goes wrong is this vector's disagreement, and the next one is still checked
            last = traceback.extract_tb(error.__traceback__)[-1]
            self.disagree(name, f"{type(error).__name__}: {error} ({last.name}, line {last.lineno})")

    def equal(self, name, ours, theirs):
        """One derived value."""
        self._checks += 1
        if ours != theirs:
            self.disagree(name, f"ours {_short(ours)}, theirs {_short(theirs)}")

    def holds(self, name, condition, what):
        """One property."""
        self._checks += 1
        if not condition:
            self.disagree(name, what)

    def disagree(self, name, what):
        """Keeps a disagreement."""
        self.disagreements.append(f"{self._section}: {name}: {what}")

    def end(self):
        """The section's line."""
        counts = "".join(f"{count} {kind}, " for kind, count in self._counts.items())
        bad = sum(line.startswith(self._section + ":") for line in self.disagreements)
        self._clear()
        verdict = "agree" if not bad else f"{bad} DISAGREEMENTS"
        print(f"{self._section}: {counts}{self._checks} comparisons: {verdict} ({time.monotonic() - self._since:.1f} s)")

    def finish(self):
        """Names every disagreement; the exit code."""
        for line in self.disagreements:
            print("DISAGREES", line)
        print(f"{len(self.disagreements)} disagreements, {time.monotonic() - self.started:.0f} s")
        return 1 if self.disagreements else 0

    def _progress(self, name):
        if sys.stdout.isatty():
            print(f"\r\x1b[K{self._section} {sum(self._counts.values())}: {name[:60]}", end="", flush=True)

    @staticmethod
    def _clear():
        if sys.stdout.isatty():
            print("\r\x1b[K", end="")


def _short(value):
    text = str(value)
    return text if len(text) <= 100 else text[:97] + "..."
