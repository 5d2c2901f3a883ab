"""Section `core`: how long the way is, how punctual the beat, how much goes in, what a worker costs."""

import json
import os
import select
import statistics
import subprocess
import sys
import time

import report
from parts import (SLICE_MS, Programs, World, await_workers, event, microseconds, pss_mb,
                   template_crew)
from supervisor_process import PROGRAMS

PER_SLICE = 1000  # events of `ingest` in one slice


class Bench(Programs):
    def __init__(self, build, quick, match):
        super().__init__(build)
        self.quick = quick
        self.match = match

    def latency(self):
        count = 200 if self.quick else 1000
        rounds = 1 if self.quick else 3
        own, floors = [], []
        world, floor_world = World(), World()  # apart: neither handles the other's events
        try:
            template_crew(world, "eager", "event")
            world.start(LOG_LEVEL="INFO")
            world.emit(event("goal", 0))
            floor_world.emit(event("goal", 0))  # makes the stream
            url = floor_world.server.url
            names = ["LIVE_m1_EVENTS", "live.m1.events", "floor.ready", "floor.done", "floor.actions"]
            router = self.start_floor("router", url, *names)
            worker = self.start_floor("worker", url, "floor.ready", "floor.done")
            for _ in range(rounds):
                own.append(self.measure("latency", world.server.url, "live.m1.events",
                                        "live.m1.actions", count, "goal"))
                floors.append(self.measure("latency", url, "live.m1.events", "floor.actions", count,
                                           "goal"))
            self.end(router)
            self.end(worker)
        finally:
            world.close()
            floor_world.close()
        for name, aim in (("p50", 1.4), ("p99", 2.0)):
            yield report.figure("core", f"event to action, {name}",
                                statistics.median(one[name] for one in own), "us",
                                statistics.median(one[name] for one in floors), aim)

    def beats(self):
        crews, count = (100, 40) if self.quick else (100, 240)
        world = World()
        try:
            for number in range(crews):
                template_crew(world, f"crew{number}")
            supervisor = world.start(LOG_LEVEL="INFO")
            await_workers(world)
            own = self.measure_beats(world, supervisor, count)
        finally:
            world.close()
        world = World()
        try:
            reader = subprocess.Popen([self.path("bench_measure"), "beats", world.server.url,
                                       "floor.tick", str(count)], stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, text=True)
            reader.stderr.readline()
            subprocess.run([self.path("bench_floor"), "ticker", world.server.url, "floor.tick",
                            str(SLICE_MS), str(count)], check=True)
            floor = json.loads(reader.communicate()[0])
        finally:
            world.close()
        yield report.figure("core", f"beat after its due time, {crews} crews, p99",
                            own["p99"] / 1000, "ms", floor["p99"] / 1000, 2, against="value")

    def ingest(self):
        count = 30_000 if self.quick else 100_000
        world = World()
        try:
            summary = os.path.join(world.folder, "summary.json")
            template_crew(world, "sink")
            made = world.command("emit", "-s", "m1", "-", text="\n")  # makes the stream
            assert made.returncode == 0, made.stderr
            self.measure("fill", world.server.url, "live.m1.events", count, PER_SLICE)
            floor = self.run_program("bench_floor", "drain", world.server.url, "LIVE_m1_EVENTS",
                                     "live.m1.events", count)
            supervisor = world.start("--clock", "event", "--until-end", "--summary", summary,
                                     LOG_LEVEL="INFO")
            started = time.monotonic()
            supervisor.wait_for("stopping")
            own = count / (time.monotonic() - started)
            assert supervisor.process.wait(60) == 0
            with open(summary, encoding="utf-8") as file:
                assert json.load(file)["events"] == count
        finally:
            world.close()
        yield report.figure("core", "events in, to a worker and back", own, "1/s",
                            floor["per_s"], 0.4, "higher")

    def workers(self):
        runs, many = (5, 30) if self.quick else (20, 100)
        world = World()
        try:
            path = template_crew(world, "native")
            starts = sorted(start_worker(world, path)[0] for _ in range(runs))
            floors = sorted(self.floor_start(world) for _ in range(runs))
            children = [start_worker(world, path, keep=True)[1] for _ in range(many)]
            own_pss = statistics.mean(pss_mb(child.pid) for child in children)
            for child in children:
                child.kill()
                child.communicate()
            floor_children = [self.start_floor("worker", world.server.url, "a", "b")
                              for _ in range(many)]
            floor_pss = statistics.mean(pss_mb(child.pid) for child in floor_children)
            for child in floor_children:
                self.end(child)
        finally:
            world.close()
        yield report.figure("core", "native worker, start to ready, median",
                            statistics.median(starts), "ms", statistics.median(floors), 10,
                            against="value")
        yield report.figure("core", f"native worker, PSS, {many} idle", own_pss, "MB", floor_pss,
                            1.5, against="value")

    def floor_start(self, world):
        started = time.monotonic()
        child = self.start_floor("worker", world.server.url, "a", "b")
        took_ms = (time.monotonic() - started) * 1000
        self.end(child)
        return took_ms

    def real_match(self):
        world = World()
        try:
            template_crew(world, "goals", kind="goal_scored")
            template_crew(world, "passes", kind="pass")
            with open(self.match, encoding="utf-8") as file:
                times = [microseconds(json.loads(line)["ts"]) for line in file if line.strip()]
            started = time.monotonic()
            done = world.command("process", self.match, "--crews", world.crews)
            took_s = time.monotonic() - started
            assert done.returncode == 0, done.stderr
            stream = self.stream_of_match()
            emitted = world.command("emit", "-s", stream, self.match)
            assert emitted.returncode == 0, emitted.stderr
            floor = self.run_program("bench_floor", "drain", world.server.url, f"LIVE_{stream}_EVENTS",
                                     f"live.{stream}.events", len(times))
        finally:
            world.close()
        span_s = (max(times) - min(times)) / 1e6
        yield report.figure("core", f"{os.path.basename(self.match)} ({len(times)} events), process",
                            span_s / took_s, "x real time",
                            span_s * floor["per_s"] / len(times), 200, "higher", against="value")

    def stream_of_match(self):
        with open(self.match, encoding="utf-8") as file:
            return json.loads(file.readline())["stream_id"]

    def run(self):
        for part in (self.latency, self.beats, self.ingest, self.workers, self.real_match):
            print(f"measuring: {part.__name__}", file=sys.stderr, flush=True)
            yield from part()


def start_worker(world, manifest, keep=False):
    """Milliseconds from starting lcworker to its `ready`, and the process when it is kept."""
    state, state_in = os.pipe()
    started = time.monotonic()
    child = subprocess.Popen(
        ["/bin/sh", "-c", f'exec "$@" 3>&{state_in} {state_in}>&-', "sh", PROGRAMS["lcworker"],
         "--stream", "m1", "--crew", "native"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, pass_fds=(state_in,), env=world.environment({}))
    os.close(state_in)
    config = {"v": 1, "stream": "m1", "crew": "native", "nats_url": world.server.url,
              "manifest": manifest, "llm": {"base_url": "http://127.0.0.1:9/v1", "model": "m",
                                            "api_key_env": "NONE", "timeout_ms": 1000},
              "role": "active", "sandbox": {"level": "standard", "read": [], "write": [],
                                            "connect": [], "open_files": 1024}}
    child.stdin.write(json.dumps(config).encode() + b"\n")
    child.stdin.flush()
    assert select.select([state], [], [], 60)[0] and b"ready" in os.read(state, 4096)
    took_ms = (time.monotonic() - started) * 1000
    os.close(state)
    if not keep:
        child.kill()
        child.communicate()
    return took_ms, child
