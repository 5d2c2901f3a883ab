"""Section `journal`: what writing every decision down costs, how fast it is replayed, how soon somebody
goes on."""

import json
import os
import signal
import statistics
import subprocess
import sys
import time

import report
from parts import Programs, World, event, microseconds, template_crew
from supervisor_process import Supervisor

LEASE_S = 5
CTX = "live.m1.ctx"


class Bench(Programs):
    def __init__(self, build, quick, match):
        super().__init__(build)
        self.quick = quick
        self.match = match

    def latency(self):
        count, rounds = (200, 1) if self.quick else (1000, 3)
        own, without = [], []
        worlds = World(), World()
        try:
            for world, journal in zip(worlds, ("true", "false")):
                template_crew(world, "eager", "event")
                world.start(LOG_LEVEL="INFO", LIVE_CREW_JOURNAL=journal)
                world.emit(event("goal", 0))
            for _ in range(rounds):
                for world, into in zip(worlds, (own, without)):
                    into.append(self.measure("latency", world.server.url, "live.m1.events",
                                             "live.m1.actions", count, "goal"))
        finally:
            for world in worlds:
                world.close()
        for name, aim in (("p50", 1.5), ("p99", 2.0)):
            yield report.figure("journal", f"event to action, {name}, against without a journal",
                                statistics.median(one[name] for one in own), "us",
                                statistics.median(one[name] for one in without), aim)

    def verify(self):
        world = World()
        try:
            path = os.path.join(world.folder, "calm.rec")
            records = 30_000 if self.quick else 200_000
            self.run_verifier("write", path, records)
            measured = self.run_verifier("measure", path)
        finally:
            world.close()
        yield report.figure("journal", "replay --verify, processor time",
                            measured["records"] / measured["verify_us"] * 1e6, "records/s",
                            measured["records"] / measured["floor_us"] * 1e6, 100_000, "higher",
                            against="value")

    def run_verifier(self, *words):
        done = subprocess.run([self.path("bench_journal_verify"), *map(str, words)], check=True,
                              text=True, stdout=subprocess.PIPE)
        return json.loads(done.stdout) if words[0] == "measure" else None

    def real_match(self):
        """The match through a supervisor, recorded; verified and run again from the file."""
        with open(self.match, encoding="utf-8") as file:
            events = [json.loads(line) for line in file if line.strip()]
        stream = events[0]["stream_id"]
        times = [microseconds(one["ts"]) for one in events]
        world = World()
        try:
            template_crew(world, "goals", kind="goal_scored")
            template_crew(world, "passes", kind="pass")
            done = world.command("emit", "-s", stream, self.match)
            assert done.returncode == 0, done.stderr
            supervisor = Supervisor(world, "-s", stream, "--crews", world.crews, "--clock", "event",
                                    "--until-end")
            supervisor.process.communicate()
            path = os.path.join(world.folder, "match.rec")
            done = world.command("record", "-s", stream, "-o", path)
            assert done.returncode == 0, done.stderr
            took = []
            for _ in range(5):
                started = time.monotonic()
                done = world.command("replay", "--verify", path)
                took.append(time.monotonic() - started)
                assert done.returncode == 0, done.stderr
            floor = self.run_verifier("measure", path)["floor_us"] / 1e6
            reruns = [self.rerun(world, path, cores) for cores in (2, 2, 2, 1)]
        finally:
            world.close()
        name = os.path.basename(self.match)
        yield report.figure("journal", f"replay --verify of {name}",
                            statistics.median(took), "s", floor, 1, against="value")
        span_s = (max(times) - min(times)) / 1e6
        yield report.figure("journal", f"replay --rerun of {name} ({len(times)} events)",
                            span_s / statistics.median(seconds for seconds, _ in reruns[:3]),
                            "x real time", span_s / floor, 200, "higher", against="value")
        yield report.figure("journal", "the same with one core",
                            span_s / reruns[3][0], "x real time", span_s / floor, 200, "higher",
                            against="value")
        yield report.figure("journal", "chains of these four that differ from the recorded one",
                            sum("as recorded" not in words for _, words in reruns), "", None, 0,
                            against="promise")

    @staticmethod
    def rerun(world, path, cores):
        """Seconds from the command's start to its end on so many cores, and what it said."""
        few = sorted(os.sched_getaffinity(0))[:cores]
        started = time.monotonic()
        done = subprocess.run(
            ["taskset", "-c", ",".join(map(str, few)), os.environ["LIVE_CREW"], "replay", path,
             "--rerun", "--crews", world.crews], capture_output=True, text=True, check=True,
            env=world.environment({"LOG_LEVEL": "ERROR"}))
        return time.monotonic() - started, done.stdout

    def takeovers(self):
        rounds = 2 if self.quick else 5
        again = [self.takeover("a", "a") for _ in range(rounds)]
        standby = [self.takeover("a", "b") for _ in range(1 if self.quick else 3)]
        yield report.figure("journal", "SIGKILL to the first beat of its restart, longest",
                            max(again), "s", None, 1, against="value")
        yield report.figure("journal", "SIGKILL to the first beat of a standby, longest",
                            max(standby), "s", LEASE_S, LEASE_S + 1, against="value")

    def takeover(self, first_seat, second_seat):
        """Seconds from the leader's end to the first snapshot that another one broadcasts."""
        world = World()
        try:
            template_crew(world, "eager", "event")
            seat = {one: {"LIVE_CREW_RUNTIME_DIR": os.path.join(world.folder, "run-" + one)}
                    for one in (first_seat, second_seat)}
            first = world.start(**seat[first_seat])
            world.emit(event("goal", 0))
            first.wait_for("stream taken up")
            if second_seat != first_seat:
                second = Supervisor(world, "-s", "m1", "--crews", world.crews, **seat[second_seat])
                world.supervisors.append(second)
                second.wait_for("standing by")
            world.client.subscribe(CTX)
            for _ in range(3):
                world.client.next(60)
            first.end(signal.SIGKILL)
            while world.client.next(0) is not None:
                pass  # what it still sent
            killed = time.monotonic()
            if second_seat == first_seat:
                world.supervisors.append(Supervisor(world, "-s", "m1", "--crews", world.crews,
                                                    **seat[second_seat]))
            assert world.client.next(60) is not None
            return time.monotonic() - killed
        finally:
            world.close()

    def size(self):
        count, crews = (1_000 if self.quick else 5_000), 10
        world = World()
        try:
            for number in range(crews):
                template_crew(world, f"crew{number}")
            world.emit(*[event("goal", n, ts=f"2026-03-01T{12 + n // 7200:02d}:{n // 120 % 60:02d}:"
                                             f"{n // 2 % 60:02d}.{n % 2 * 5}00Z")
                         for n in range(count // 10)])
            supervisor = Supervisor(world, "-s", "m1", "--crews", world.crews, "--clock", "event",
                                    "--until-end")
            supervisor.process.communicate()
            records = [text for _, _, text in world.messages("LIVE_m1_JOURNAL")]
        finally:
            world.close()
        active = sum(len(json.loads(text).get("did", {}).get("slices", [])) for text in records)
        yield report.figure("journal", f"journal per active slice, {crews} crews",
                            sum(map(len, records)) / active, "bytes", None, 65_536, against="value")
        yield report.figure("journal", "records of 20 idle beats", self.idle_growth(), "",
                            None, 0, against="promise")

    @staticmethod
    def idle_growth():
        world = World()
        try:
            template_crew(world, "eager", "event")
            supervisor = world.start()
            world.emit(event("goal", 0))
            supervisor.wait_for("stream taken up")
            world.client.subscribe(CTX)
            for _ in range(4):
                world.client.next(60)
            before = len(world.journal())
            for _ in range(20):
                world.client.next(60)
            return len(world.journal()) - before
        finally:
            world.close()

    def run(self):
        for part in (self.latency, self.verify, self.real_match, self.takeovers, self.size):
            print(f"measuring: {part.__name__}", file=sys.stderr, flush=True)
            yield from part()
