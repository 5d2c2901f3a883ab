#include "supervisor/hosts.h"

#include <doctest/doctest.h>

#include "supervisor/coverage.h"

namespace lc::supervisor {
namespace {

using proto::HostCrew;
using proto::HostReport;
using proto::WorkerState;

const CrewId kOne{"one"};
const CrewId kTwo{"two"};
const proto::Order kOrder{{7}, {1}, "0a1b2c3d"};

HostReport report(std::int64_t seq, std::vector<HostCrew> crews) {
  return {.stream = {"m"},
          .host = "north",
          .boot_id = "b1",
          .seq = seq,
          .crews = std::move(crews),
          .failures = {}};
}

MonoTime at(std::int64_t ms) {
  return MonoTime{} + millis(ms);
}

TEST_CASE("hosts: what a report brings, and what is known after it") {
  Hosts hosts;
  CHECK(hosts.empty());
  const auto news = hosts.hear(
      report(3, {{kOne, WorkerState::ready, {}}, {kTwo, WorkerState::reacting, kOrder}}), at(0));
  REQUIRE(news);
  CHECK(news->is_first);
  CHECK(news->ready == std::vector{kOne});
  REQUIRE(news->taken.size() == 1);
  CHECK(news->taken[0] == std::pair(kTwo, kOrder));
  CHECK(hosts.selects(kTwo));
  CHECK(hosts.ready_for(kOne) == std::vector<std::string>{"b1"});
  CHECK(hosts.ready_for(kTwo).empty());
  CHECK(hosts.works_on("b1", kTwo, kOrder));
  CHECK_FALSE(hosts.works_on("b1", kTwo, {{7}, {1}, "another1"}));
  CHECK(hosts.of_crew(kOne) == std::vector<std::string>{"north"});
  CHECK(hosts.name_of("b1") == "north");
  CHECK(hosts.heard() == std::vector<proto::HeardHost>{{"b1", 3, 0}});
}

TEST_CASE("hosts: an older report changes nothing, a newer one replaces all") {
  Hosts hosts;
  hosts.hear(report(2, {{kOne, WorkerState::ready, {}}}), at(0));
  CHECK_FALSE(hosts.hear(report(2, {}), at(1)));
  CHECK_FALSE(hosts.hear(report(1, {}), at(1)));
  CHECK(hosts.ready_for(kOne) == std::vector<std::string>{"b1"});
  const auto news = hosts.hear(report(3, {{kTwo, WorkerState::down, {}}}), at(2));
  REQUIRE(news);
  CHECK_FALSE(news->is_first);
  CHECK_FALSE(hosts.selects(kOne));
  CHECK(hosts.selects(kTwo));
}

TEST_CASE("hosts: each failure counts once") {
  Hosts hosts;
  HostReport told = report(1, {});
  told.failures = {{.id = 4, .crew = kOne}, {.id = 5, .crew = kTwo}};
  CHECK(hosts.hear(told, at(0))->failures.size() == 2);
  told.seq = 2;
  told.failures.push_back({.id = 6, .crew = kTwo});
  const auto news = hosts.hear(told, at(1));
  REQUIRE(news->failures.size() == 1);
  CHECK(news->failures[0].id == 6);
  CHECK(hosts.heard()[0].failure == 6);
  CHECK(hosts.sweep(at(60'000)).size() == 1);
  told.seq = 3;
  CHECK(hosts.hear(told, at(61'000))->failures.empty());  // it was only silent
}

TEST_CASE("hosts: who is silent or leaves is gone") {
  Hosts hosts;
  hosts.hear(report(1, {{kOne, WorkerState::ready, {}}}), at(0));
  CHECK(hosts.sweep(at(3'499)).empty());
  hosts.listen_again(at(3'499));
  CHECK(hosts.sweep(at(6'998)).empty());
  const auto gone = hosts.sweep(at(6'999));
  REQUIRE(gone.size() == 1);
  CHECK(gone[0].host == "north");
  CHECK(hosts.empty());

  hosts.hear(report(2, {{kOne, WorkerState::ready, {}}}), at(7'000));
  HostReport last = report(3, {{kOne, WorkerState::ready, {}}});
  last.is_leaving = true;
  hosts.hear(last, at(7'001));
  CHECK(hosts.ready_for(kOne).empty());
  CHECK(hosts.sweep(at(7'001)).size() == 1);
  last.seq = 4;
  CHECK_FALSE(hosts.hear(last, at(7'002)));  // nobody waits for who says only that
  CHECK(hosts.empty());
}

TEST_CASE("coverage: a crew that nobody runs is told once, after a while") {
  Coverage coverage;
  CHECK(coverage.look({kOne}, at(0)).empty());
  CHECK(coverage.look({kOne, kTwo}, at(9'999)).empty());
  CHECK(coverage.look({kOne, kTwo}, at(10'000)) == std::vector{kOne});
  CHECK(coverage.look({kOne, kTwo}, at(11'000)).empty());
  CHECK(coverage.look({kOne, kTwo}, at(20'000)) == std::vector{kTwo});
  CHECK(coverage.look({kTwo}, at(21'000)).empty());
  CHECK(coverage.look({kOne, kTwo}, at(22'000)).empty());  // somebody ran it meanwhile
  CHECK(coverage.look({kOne, kTwo}, at(32'000)) == std::vector{kOne});
}

}  // namespace
}  // namespace lc::supervisor
