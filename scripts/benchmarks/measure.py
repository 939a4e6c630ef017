"""What the benchmarks share: whole processes timed from outside, and rows of ratios.

Processor time and memory are the operating system's own account of them.
"""

import os
import statistics
import subprocess
import sys
import time


class Run:
    """What one process cost."""

    def __init__(self, command, folder):
        start = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.wall = time.perf_counter() - start
        self.cpu = usage.ru_utime + usage.ru_stime
        self.peak = usage.ru_maxrss * 1024
        if process.returncode != 0:
            sys.exit(f"{' '.join(command)} exited with {process.returncode}:\n"
                     f"{output.decode(errors='replace')[-2000:]}")


def row(name, ours, theirs, ratio, goal):
    """Prints one row: the cost of both, our share of theirs, and whether that is the goal."""
    verdict = "met" if ratio <= goal else "MISSED"
    print(f"| {name} | {ours} | {theirs} | {ratio:.2f} | {goal:.2f} | {verdict} |", flush=True)


def pairs(name, times, ours, theirs, goal, cpu_goal=None):
    """Runs both in turn; each function makes what it needs and returns a Run."""
    mine, other = [], []
    for _ in range(times):
        mine.append(ours())
        other.append(theirs())
    wall = statistics.median(r.wall for r in mine), statistics.median(r.wall for r in other)
    cpu = statistics.median(r.cpu for r in mine), statistics.median(r.cpu for r in other)
    ratio = statistics.median(a.wall / b.wall for a, b in zip(mine, other))
    row(name, f"{wall[0]:.3f} s", f"{wall[1]:.3f} s", ratio, goal)
    if cpu_goal:
        ratio = statistics.median(a.cpu / b.cpu for a, b in zip(mine, other))
        row(f"{name}, processor time", f"{cpu[0]:.4f} s", f"{cpu[1]:.4f} s", ratio, cpu_goal)
    return mine, other
