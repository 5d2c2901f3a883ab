#include "supervisor/deputy.h"

#include <doctest/doctest.h>

namespace lc::supervisor {
namespace {

using proto::WorkerState;

const CrewId kOne{"one"};
const CrewId kTwo{"two"};
const proto::Order kOrder{{7}, {1}, "0a1b2c3d"};

MonoTime at(std::int64_t ms) {
  return MonoTime{} + millis(ms);
}

Deputy deputy() {
  return Deputy({.stream = {"m"}, .host = "north", .boot_id = "b1", .crews = {kOne, kTwo}});
}

proto::Orders orders(std::int64_t heard = 0, std::int64_t failure = 0) {
  proto::Orders all{.stream = {"m"}, .boot_id = "leader", .lease_revision = 5};
  if (heard > 0) {
    all.heard = {{"another", 99, 99}, {"b1", heard, failure}};
  }
  return all;
}

TEST_CASE("deputy: tells what its workers do, numbered") {
  Deputy host = deputy();
  host.ready(kOne);
  host.taken(kTwo, kOrder);
  const proto::HostReport first = host.report();
  CHECK(first.seq == 1);
  CHECK(first.boot_id == "b1");
  CHECK_FALSE(first.is_leaving);
  REQUIRE(first.crews.size() == 2);
  CHECK(first.crews[0] == proto::HostCrew{kOne, WorkerState::ready, {}});
  CHECK(first.crews[1] == proto::HostCrew{kTwo, WorkerState::reacting, kOrder});
  host.answered(kTwo);
  host.answered(kOne);  // it took nothing
  const proto::HostReport second = host.report(Deputy::Leaving::yes);
  CHECK(second.seq == 2);
  CHECK(second.is_leaving);
  CHECK(second.crews[0].state == WorkerState::ready);
  CHECK(second.crews[1].state == WorkerState::ready);
}

TEST_CASE("deputy: failures are told until orders name them") {
  Deputy host = deputy();
  host.failed({.crew = kOne, .outcome = proto::Outcome::crash});
  host.failed({.crew = kTwo, .outcome = proto::Outcome::exit});
  CHECK(host.report().failures.size() == 2);
  host.hear(orders(1, 1), at(0));
  const auto left = host.report().failures;
  REQUIRE(left.size() == 1);
  CHECK(left[0].id == 2);
  for (int i = 0; i < 40; ++i) {
    host.failed({.crew = kOne});
  }
  CHECK(host.report().failures.size() == proto::kHostFailuresMax);
  host.hear(orders(2, 34), at(0));
  CHECK(host.report().failures.front().id == 35);
}

TEST_CASE("deputy: workers start and stop by the leader's orders, each once") {
  Deputy host = deputy();
  proto::Orders first = orders();
  first.disabled = {kTwo};
  const auto begun = host.hear(first, at(0));
  CHECK(begun->start == std::vector{kOne});
  CHECK(begun->stop == std::vector{kTwo});
  const auto same = host.hear(first, at(1));
  CHECK(same->start.empty());
  CHECK(same->stop.empty());
  const auto changed = host.hear(orders(), at(2));
  CHECK(changed->start == std::vector{kTwo});
  CHECK(changed->stop.empty());
}

TEST_CASE("deputy: orders of another stream, or of one that led before, are none") {
  Deputy host = deputy();
  host.hear(orders(), at(0));
  proto::Orders other = orders();
  other.stream = {"n"};
  CHECK_FALSE(host.hear(other, at(1)));
  other = orders();
  other.lease_revision = 4;
  CHECK_FALSE(host.hear(other, at(1)));
}

TEST_CASE("deputy: what the leader heard of and does not await is dropped, not at once") {
  Deputy host = deputy();
  host.taken(kOne, kOrder);
  CHECK(host.hear(orders(9), at(0))->drop.empty());  // not told yet
  const std::int64_t told = host.report().seq;
  CHECK(host.hear(orders(told - 1), at(5'000))->drop.empty());
  CHECK(host.hear(orders(told), at(6'000))->drop.empty());
  CHECK(host.hear(orders(told), at(6'999))->drop.empty());
  proto::Orders awaited = orders(told);
  awaited.awaited = {{kOne, kOrder, "b1"}};
  CHECK(host.hear(awaited, at(7'000))->drop.empty());
  CHECK(host.hear(orders(told), at(7'001))->drop.empty());
  CHECK(host.hear(orders(told), at(8'001))->drop == std::vector{kOne});
}

TEST_CASE("deputy: what the leader awaits of another host, or of another order, is not ours") {
  Deputy host = deputy();
  host.taken(kOne, kOrder);
  const std::int64_t told = host.report().seq;
  proto::Orders awaited = orders(told);
  awaited.awaited = {{kOne, kOrder, "another"}, {kOne, {{7}, {2}, "0a1b2c3d"}, "b1"}};
  host.hear(awaited, at(0));
  CHECK(host.hear(awaited, at(1'000))->drop == std::vector{kOne});
}

}  // namespace
}  // namespace lc::supervisor
