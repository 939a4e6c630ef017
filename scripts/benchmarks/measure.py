"""What the benchmarks share: whole processes timed from outside, and rows of ratios.

Processor time and memory are the operating system's own account of them. Memory is resident memory
that belongs to a process alone, summed over its children, looked at twenty times a second: pages of
files and the server's shared buffers are nobody's.
"""

import os
import statistics
import subprocess
import sys
import threading
import time

TICKS = os.sysconf("SC_CLK_TCK")


def processes():
    """The parent of every process, where there is /proc."""
    parents = {}
    if not os.path.isdir("/proc/self"):
        return parents
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = stat(int(name))
            if fields:
                parents[int(name)] = int(fields[1])
    return parents


def stat(pid):
    """The fields of /proc/PID/stat from the state on; nothing for a process that is gone."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()
    except OSError:
        return []


def family(root, parents):
    """A process and all that descend from it."""
    children = {}
    for pid, parent in parents.items():
        children.setdefault(parent, []).append(pid)
    found, open_ends = [], [root]
    while open_ends:
        pid = open_ends.pop()
        found.append(pid)
        open_ends += children.get(pid, [])
    return found


def memory(pids):
    """Resident bytes that belong to each alone."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/status") as file:
                for line in file:
                    if line.startswith("RssAnon:"):
                        total += int(line.split()[1]) * 1024
        except OSError:
            pass
    return total


def cpu(pids):
    """Processor seconds of processes, and of the children that they have outlived."""
    ticks = 0
    for pid in pids:
        fields = stat(pid)
        if fields:
            ticks += sum(int(field) for field in fields[11:15])
    return ticks / TICKS


def machine():
    """Processor seconds that all processes together have had."""
    try:
        with open("/proc/stat") as file:
            fields = [int(field) for field in file.readline().split()[1:]]
        return (sum(fields[:3]) + sum(fields[5:7])) / TICKS
    except OSError:
        return 0


class Server:
    """The processes of a PostgreSQL server, by that of its postmaster."""

    def __init__(self, url):
        text = subprocess.run(
            ["psql", "-qXAt", url, "-c", "SELECT pg_read_file('postmaster.pid')"],
            capture_output=True, text=True, check=True)
        self.pid = int(text.stdout.split()[0])

    def pids(self, parents):
        return family(self.pid, parents)

    def cpu(self):
        # The postmaster outlives its children; theirs becomes its own when they end.
        return cpu(self.pids(processes()))


class Run:
    """What one process cost, and the server meanwhile."""

    def __init__(self, command, folder, server=None):
        all_before, server_before = machine(), server.cpu() if server else 0
        start = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        self.sampled = self.server_memory = 0
        ended = threading.Event()
        watch = threading.Thread(target=self._watch, args=(process.pid, server, ended))
        if server:
            watch.start()
        self.output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.wall = time.perf_counter() - start
        ended.set()
        if server:
            watch.join()
        self.cpu = usage.ru_utime + usage.ru_stime
        self.server_cpu = server.cpu() - server_before if server else 0
        others = machine() - all_before - self.cpu - self.server_cpu
        # How many processors were busy with something else.
        self.load = max(0, others) / self.wall
        # The system's own maximum counts that of this process too, which the other one began as.
        self.peak = self.sampled or usage.ru_maxrss * 1024
        if process.returncode != 0:
            sys.exit(f"{' '.join(command)} exited with {process.returncode}:\n"
                     f"{self.output.decode(errors='replace')[-2000:]}")

    def _watch(self, pid, server, ended):
        while not ended.wait(0.05):
            parents = processes()
            self.sampled = max(self.sampled, memory(family(pid, parents)))
            self.server_memory = max(self.server_memory, memory(server.pids(parents)))


def row(name, ours, theirs, ratio, goal, more=None):
    """Prints one row: the cost of both, our share of theirs, and whether that is the goal."""
    verdict = "" if goal is None else "met" if ratio <= goal else "MISSED"
    wanted = "" if goal is None else f"{goal:.2f}"
    columns = [name, ours, theirs, f"{ratio:.2f}", wanted, verdict, *(more or [])]
    print("| " + " | ".join(columns) + " |", flush=True)


def median(runs, field):
    return statistics.median(getattr(run, field) for run in runs)


def pairs(name, times, ours, theirs, goal, cpu_goal=None, server=None):
    """Runs both in turn; each function makes what it needs and returns a Run."""
    mine, other = [], []
    for number in range(times):
        # Whoever goes first in one pair goes second in the next.
        for side in ((mine, ours), (other, theirs))[::-1 if number % 2 else 1]:
            side[0].append(side[1]())
    ratio = statistics.median(a.wall / b.wall for a, b in zip(mine, other))
    more = None
    if server:
        # Processor seconds and megabytes of client + server, ours and theirs, and the load.
        more = [f"{median(runs, 'cpu'):.1f} + {median(runs, 'server_cpu'):.1f} s"
                for runs in (mine, other)]
        more += [f"{max(r.peak for r in runs) / 1e6:.0f} + "
                 f"{max(r.server_memory for r in runs) / 1e6:.0f} MB" for runs in (mine, other)]
        more.append(f"{median(mine, 'load'):.1f} and {median(other, 'load'):.1f}")
    row(name, f"{median(mine, 'wall'):.3f} s", f"{median(other, 'wall'):.3f} s", ratio, goal, more)
    if cpu_goal:
        ratio = statistics.median(a.cpu / b.cpu for a, b in zip(mine, other))
        row(f"{name}, processor time", f"{median(mine, 'cpu'):.4f} s",
            f"{median(other, 'cpu'):.4f} s", ratio, cpu_goal)
    return mine, other
