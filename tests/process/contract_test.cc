#include <doctest/doctest.h>
#include <signal.h>

#include <cstdlib>
#include <fstream>

#include "common/clock.h"
#include "supervisor/process/output_tail.h"
#include "tests/process/fixture.h"
#include "tests/process/host.h"

// Workers that do not keep to what they owe the supervisor.
namespace lc::process {
namespace {

constexpr std::int64_t kFloodBytes = 1'000'000'000;

TEST_CASE("contract: a worker that floods its status descriptor is killed for it") {
  FleetFixture fixture;
  std::vector<std::string> steps{"ready"};
  steps.insert(steps.end(), 2'000, R"(say:{"state":"progress"})");
  fixture.add(std::move(steps));
  const Told told = fixture.until_failure();
  CHECK(told.outcome() == proto::Outcome::protocol);
  CHECK(told.ended.words == "flooded its status descriptor (3)");
}

TEST_CASE("contract: what a worker takes and has answered is told, however often") {
  FleetFixture fixture;
  std::vector<std::string> steps{"ready"};
  for (int i = 0; i < 1'000; ++i) {
    steps.emplace_back(R"(say:{"state":"taken","slice":7,"attempt":2,"tag":"0a1b2c3d"})");
    steps.emplace_back(R"(say:{"state":"answered"})");
  }
  steps.emplace_back("await-signal");
  fixture.add(std::move(steps));
  fixture.until([&fixture] { return fixture.answered == 1'000; });
  CHECK(fixture.taken == std::vector<proto::Order>(1'000, {{7}, {2}, "0a1b2c3d"}));
}

TEST_CASE("B11 a worker that never becomes ready is killed at its own limit, with its tree") {
  FleetFixture fixture;
  const MonoTime start = monotonic_now();
  fixture.add(kCrew, {"out:still loading", "child", "daemon", "sleep"}, millis(200));
  std::size_t left = 1;
  fixture.on_told = [&left](const Told&) { left = processes_left().size(); };
  const Told told = fixture.until_failure();
  CHECK(told.what == Told::What::idle_failure);
  CHECK(told.outcome() == proto::Outcome::init_timeout);
  CHECK(proto::is_strike(told.outcome()));
  CHECK(told.at - start >= millis(200));
  CHECK(told.at - start < seconds(2));
  CHECK(told.ended.output == "still loading\n");
  CHECK(left == 0);
}

/// The most that this process has had in memory since it was asked to forget.
std::int64_t memory_max_kib() {
  const std::string status = content("/proc/self/status");
  const auto at = status.find("VmHWM:");
  REQUIRE(at != std::string::npos);
  return std::atoll(status.c_str() + at + 6);
}

TEST_CASE("B12 a gigabyte of output neither stops the worker nor grows, and its end is kept") {
  FleetFixture fixture;
  std::ofstream("/proc/self/clear_refs") << "5";
  const std::int64_t before = memory_max_kib();
  fixture.add(
      {"flood:" + std::to_string(kFloodBytes), "out:the end", "ready", "await-signal", "exit:1"});
  fixture.until_ready();
  fixture.until([&fixture] { return fixture.info().output_bytes > kFloodBytes; });
  CHECK(memory_max_kib() - before < 64 * 1024);
  ::kill(fixture.info().pid, SIGUSR1);
  const Told told = fixture.until_failure();
  CHECK(told.ended.output.starts_with("["));
  CHECK(told.ended.output.find(" bytes before this were dropped]\n") < 20);
  CHECK(told.ended.output.ends_with("~\nthe end\n"));
  CHECK(told.ended.output.size() < kOutputTailBytes + 100);
}

TEST_CASE("B13 a worker that closes its status descriptor and lives breaks the contract") {
  for (const bool reacting : {false, true}) {
    CAPTURE(reacting);
    FleetFixture fixture;
    fixture.add({"ready", "await-signal", "close-status", "sleep"});
    fixture.until_ready();
    if (reacting) {
      fixture.fleet().arm(kCrew, kSlice, kAttempt, monotonic_now() + seconds(3600));
    }
    const MonoTime start = monotonic_now();
    ::kill(fixture.info().pid, SIGUSR1);
    const Told told = fixture.until_failure();
    CHECK((told.what == Told::What::reaction_failed) == reacting);
    CHECK(told.outcome() == proto::Outcome::protocol);
    CHECK(told.ended.words == "closed its status descriptor (3) and lives");
    CHECK(told.at < start + seconds(10));
    fixture.until_ready();
  }
}

TEST_CASE("idle: progress keeps a reaction, and who tells none any more is killed") {
  constexpr Micros kIdle = seconds(1);
  constexpr int kSteps = 150;  // every 10 ms
  FleetFixture fixture;
  fixture.add_spec({.crew = kCrew, .idle_timeout = kIdle},
                   {"ready", "await-signal", "progress:" + std::to_string(kSteps), "sleep"});
  fixture.until_ready();
  const MonoTime start = monotonic_now();
  fixture.fleet().arm(kCrew, kSlice, kAttempt, start + seconds(3600));
  ::kill(fixture.info().pid, SIGUSR1);
  const Told told = fixture.until_failure();
  CHECK(told.what == Told::What::reaction_failed);
  CHECK(told.outcome() == proto::Outcome::timeout);
  CHECK(told.ended.words == "told no progress for 1000 ms");
  CHECK(told.at >= start + millis(10 * (kSteps - 1)) + kIdle);
  CHECK(told.ended.overshoot_us.value() >= 0);
}

}  // namespace
}  // namespace lc::process
