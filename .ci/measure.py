"""What a run of the program costs: shared by the scripts beside it that measure.

CPU time is user and system time of the child; the median of several runs is what counts, and what does not move with what
else the machine does.
"""
import os
import statistics
import sys


def run(args, out=os.devnull, env=None, cwd=None, statuses=(0,)):
    """(CPU ms, peak MiB) of one run, its stdout in `out`; ends this process where the run ends otherwise."""
    pid = os.fork()
    if pid == 0:
        try:
            os.dup2(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), 1)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            if cwd:
                os.chdir(cwd)
            os.execve(args[0], args, env if env is not None else dict(os.environ))
        finally:
            os._exit(127)
    _, status, usage = os.wait4(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    if code not in statuses:
        sys.exit(f"{' '.join(args)}: status {code}")
    return 1000 * (usage.ru_utime + usage.ru_stime), usage.ru_maxrss / 1024


def median(runs, args, out=os.devnull, statuses=(0,)):
    """The medians of CPU ms and of peak MiB."""
    results = [run(args, out, statuses=statuses) for _ in range(runs)]
    return statistics.median(r[0] for r in results), statistics.median(r[1] for r in results)


def growth(runs, once, twice, statuses=(0,)):
    """How many times as much CPU `twice` takes as `once`.

    The two run in turn and the least of each counts: what else the machine does can only add, and two medians of three runs
    have been 2.6 apart where nothing but the machine had changed.
    """
    pairs = [(run(once, statuses=statuses)[0], run(twice, statuses=statuses)[0]) for _ in range(runs)]
    return min(pair[1] for pair in pairs) / min(pair[0] for pair in pairs)


class Bounds:
    """Figures that are printed, each with what it may be at most."""

    def __init__(self):
        self.kept = True

    def check(self, what, figure, most, unit):
        within = figure <= most
        self.kept &= within
        print(f"{what}: {figure:.{1 if figure >= 10 else 2}f} {unit} (at most {most:g}{'' if within else ', BROKEN'})")


def releases(render, name, documents, path):
    """Writes a render of the release `name` as often as it takes to have so many documents, each under another name."""
    with open(path, "w") as f:
        for number in range(-(-documents // render.count("\nkind: "))):
            f.write(render.replace(name, f"{name}{number}"))
    return path
