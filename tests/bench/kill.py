"""Section `kill`: how punctual kills are, how soon a crew is back, what misbehaviour costs others."""

import statistics
import sys

import report
import trouble
from parts import Programs, World, await_workers, pss_mb, template_crew
from supervisor_process import PROGRAMS

SECTION = "kill"
CREWS = 100


def deadline_figures(idle, busy, floor, busy_floor):
    """`idle`, `busy`: what bench_kill printed; the floors: what bench_kill_floor did."""
    for name, key in (("kills before their deadline", "early"),
                      ("times told that another clock refutes", "untrue"),
                      ("processes left of a tree told to be gone", "survivors")):
        yield report.figure(SECTION, name, sum(run[key] for run in (idle, busy)), "", None, 0,
                            against="promise")
    rows = [("deadline to SIGKILL, idle", "issued", idle, floor, {"p50": 0.3, "p99": 5}),
            ("deadline to whole tree gone, idle", "gone", idle, floor, {"p50": 1.5, "p99": 10}),
            ("deadline to whole tree gone, 2 busy loops", "gone", busy, busy_floor, {"p99": 150})]
    for name, key, run, beside, aims in rows:
        for percentile, aim in aims.items():
            yield report.figure(SECTION, f"{name}, {percentile}", run[key][percentile] / 1000, "ms",
                                beside[key][percentile] / 1000, aim, against="value")


def takeover_figures(name, own, floor, aim_ms, aim_ratio):
    value, beside = own["answered"]["p50"] / 1000, floor["p50"] / 1000
    yield report.figure(SECTION, f"tree gone to next reaction, {name}, p50", value, "ms", beside,
                        aim_ms, against="value")
    yield report.figure(SECTION, f"the same against the floor, {name}", value, "ms", beside,
                        aim_ratio)


def cycle_figures(left):
    """`left`: what bench_kill says that there is more of than before."""
    for what in ("descriptors", "cgroups", "processes"):
        yield report.figure(SECTION, f"{left['count']} spawns and kills: {what} more", left[what],
                            "", None, 0, against="promise")
    yield report.figure(SECTION, f"{left['count']} spawns and kills: RSS more",
                        left["rss_kb"] / 1024, "MB", None, 0.5, against="value")


class Bench(Programs):
    def __init__(self, build, quick, _match):
        super().__init__(build)
        self.quick = quick
        self._chaos = self.path("../process/chaos_worker")

    def deadlines(self):
        idle, busy = (40, 30) if self.quick else (200, 100)
        yield from deadline_figures(
            self.run_program("bench_kill", "deadline", self._chaos, idle, 0),
            self.run_program("bench_kill", "deadline", self._chaos, busy, 2),
            self.run_program("bench_kill_floor", "deadline", idle, 0),
            self.run_program("bench_kill_floor", "deadline", busy, 2))

    def takeovers(self):
        count = 20 if self.quick else 100
        world = World()
        try:
            manifest = template_crew(world, "bench")
            for name, spares, aim_ms, aim_ratio in (("warm", 1, 1, 3), ("cold", 0, 10, 1.5)):
                own = self.run_program("bench_takeover", PROGRAMS["lcworker"], world.server.url,
                                       manifest, spares, count)
                floor = self.run_program("bench_kill_floor", "takeover", name,
                                         self.path("bench_floor"), world.server.url, count)
                yield from takeover_figures(name, own, floor, aim_ms, aim_ratio)
        finally:
            world.close()

    def cycles(self):
        count = 100 if self.quick else 1000
        yield from cycle_figures(self.run_program("bench_kill", "cycles", self._chaos, count))

    def beats(self):
        if not self.bombs_are_safe():
            print("SKIPPED: beats beside crews that misbehave: `pids` is not enforced on this host",
                  file=sys.stderr)
            return
        rounds, count = (1, 40) if self.quick else (2, 100)
        calm, troubled = [], []
        for _ in range(rounds):
            calm.append(self.beats_of(count, trouble_too=False))
            troubled.append(self.beats_of(count, trouble_too=True))
        yield report.figure(SECTION, f"beat, {CREWS} crews, {len(trouble.CREWS)} misbehave, p99",
                            statistics.median(run["p99"] for run, _ in troubled) / 1000, "ms",
                            statistics.median(run["p99"] for run, _ in calm) / 1000, 1,
                            against="excess")
        yield report.figure(SECTION, f"supervisor, PSS, {CREWS} workers",
                            max(pss for _, pss in calm), "MB", None, 10, against="value")

    @staticmethod
    def bombs_are_safe():
        world = World()
        try:
            return trouble.pids_are_limited(world)
        finally:
            world.close()

    def beats_of(self, count, trouble_too):
        """The beats of a supervisor with so many crews, and its PSS in MB."""
        world = World()
        try:
            for number in range(CREWS - (len(trouble.CREWS) if trouble_too else 0)):
                template_crew(world, f"crew{number}")
            if trouble_too:
                trouble.add_crews(world)
            supervisor = world.start(LOG_LEVEL="INFO")
            await_workers(world)
            with trouble.Feed(world.client):  # also where nobody listens
                beats = self.measure_beats(world, supervisor, count)
                if trouble_too:
                    trouble.must_have_misbehaved(world)
            return beats, pss_mb(supervisor.process.pid)
        finally:
            world.close()

    def run(self):
        for part in (self.deadlines, self.takeovers, self.cycles, self.beats):
            print(f"measuring: {part.__name__}", file=sys.stderr, flush=True)
            yield from part()
