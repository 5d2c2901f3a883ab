#include "supervisor/process/restart_policy.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace lc::process {
namespace {

constexpr MonoTime kStart{1'000'000'000};

CrewId crew(int number) {
  return {"crew" + std::to_string(number)};
}

TEST_CASE("C07 restarts wait 0, 1, 4, 16, 30, 30 seconds until a reaction is done") {
  RestartPolicy policy;
  MonoTime now = kStart;
  for (const std::int64_t wait_s : {0, 1, 4, 16, 30, 30}) {
    const Micros delay = policy.failed(now, 0);
    CHECK(delay == seconds(wait_s));
    now = now + seconds(600);  // too slow to be flapping
  }
  CHECK(policy.failures() == 6);
  policy.succeeded();
  CHECK(policy.failed(now, 0) == seconds(0));
}

TEST_CASE("C07 jitter moves a restart by at most a fifth") {
  for (const auto& [jitter, expected] : std::vector<std::pair<std::int64_t, Micros>>{
           {kJitterPpmMax, millis(4800)}, {-kJitterPpmMax, millis(3200)}}) {
    RestartPolicy policy;
    policy.failed(kStart, 0);
    policy.failed(kStart, 0);
    CHECK(policy.failed(kStart, jitter) == expected);
  }
}

TEST_CASE("C03 a crew that fails and succeeds in turn for ten minutes flaps, and waits a minute") {
  RestartPolicy policy;
  MonoTime now = kStart;
  for (int failure = 1; failure <= 10; ++failure) {
    CHECK(policy.failed(now, 0) == seconds(0));
    CHECK_FALSE(policy.is_flapping(now));
    policy.succeeded();
    now = now + seconds(30);
  }
  CHECK(policy.failed(now, 0) == seconds(60));
  CHECK(policy.is_flapping(now));
  CHECK(policy.failures() == 1);  // far from being disabled
  policy.succeeded();
  now = now + seconds(601);
  CHECK_FALSE(policy.is_flapping(now));
  CHECK(policy.failed(now, 0) == seconds(0));
}

TEST_CASE("C06 an operator who enables a crew lets it begin anew") {
  RestartPolicy policy;
  for (int failure = 0; failure < 20; ++failure) {
    policy.failed(kStart, 0);
  }
  policy.reset();
  CHECK_FALSE(policy.is_flapping(kStart));
  CHECK(policy.failed(kStart, 0) == seconds(0));
}

TEST_CASE("C08 when a quarter of the crews die at once, restarts are held and nobody is blamed") {
  Brake brake;
  brake.set_crews(50);
  for (int i = 0; i < 12; ++i) {
    CHECK_FALSE(brake.died(crew(i), kStart));
  }
  CHECK_FALSE(brake.held_until(kStart));
  for (int i = 12; i < 50; ++i) {
    CHECK(brake.died(crew(i), kStart + millis(i)));
  }
  CHECK(brake.held_until(kStart + seconds(5)) == kStart + millis(49) + Brake::kWindow);
  CHECK_FALSE(brake.held_until(kStart + millis(49) + Brake::kWindow));
}

TEST_CASE("C08 deaths that are spread out, or of few crews, are nobody's mass death") {
  Brake brake;
  brake.set_crews(8);
  CHECK_FALSE(brake.died(crew(0), kStart));
  CHECK_FALSE(brake.died(crew(0), kStart + seconds(1)));  // the same crew again
  CHECK_FALSE(brake.died(crew(1), kStart + seconds(2)));
  CHECK_FALSE(brake.died(crew(2), kStart + seconds(8)));  // the first are forgotten
}

TEST_CASE("C08 a crew is excused once in ten minutes: who always dies is disabled all the same") {
  Brake brake;
  brake.set_crews(4);
  brake.died(crew(0), kStart);
  brake.died(crew(1), kStart);
  CHECK(brake.died(crew(2), kStart));
  CHECK_FALSE(brake.died(crew(2), kStart + seconds(1)));
  CHECK(brake.died(crew(0), kStart + seconds(2)));
  CHECK_FALSE(brake.died(crew(0), kStart + seconds(3)));
  brake.died(crew(1), kStart + seconds(700));
  brake.died(crew(0), kStart + seconds(700));
  CHECK(brake.died(crew(2), kStart + seconds(700)));
}

TEST_CASE("C07 restarts take from a budget: twenty at once, then ten a second") {
  RestartBudget budget;
  for (int i = 0; i < RestartBudget::kBurst; ++i) {
    CHECK_FALSE(budget.take(kStart));
  }
  const auto next = budget.take(kStart);
  REQUIRE(next);
  CHECK(*next == kStart + millis(100));
  CHECK_FALSE(budget.take(*next));
  CHECK(budget.take(*next).has_value());
  for (int i = 0; i < RestartBudget::kBurst; ++i) {
    CHECK_FALSE(budget.take(kStart + seconds(10)));
  }
  CHECK(budget.take(kStart + seconds(10)).has_value());
}

}  // namespace
}  // namespace lc::process
