#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/uv.h"
#include "proto/subjects.h"
#include "supervisor/bootstrap.h"
#include "supervisor/conductor.h"
#include "tests/support/fake_timers.h"
#include "tests/support/memory_bus.h"

// A conductor with the real engine on a bus in memory and a clock that the test moves. The one
// crew's worker is on another host, whose reports the test makes.
namespace lc::supervisor {

inline const StreamId kStream{"m1"};
inline const CrewId kCrew{"vision"};
inline constexpr WallTime kEpoch0{1'753'989'725'000'000};

struct ConductorWorld {
  struct Options {
    bool has_journal = false;
    bool goes = true;
    std::optional<std::int64_t> timeout_ms = {};
  };

  explicit ConductorWorld(Options options);
  ~ConductorWorld();

  void event(std::int64_t seq, Micros after_epoch0);
  void advance_to(Micros after_epoch0);
  void answer(const proto::Ready& ready);

  /// The next report of a host: what its worker does. `failures` are told until the next report.
  bool report(proto::HostCrew crew, std::vector<proto::HostFailure> failures = {},
              const std::string& host = "far");
  bool report_ready(const std::string& host = "far");
  bool report_taken(const proto::Ready& ready, const std::string& host = "far");

  std::vector<proto::Ready> readies() const;  // every one that was published
  std::vector<std::string> reasons() const;   // of the errors
  std::int64_t beats() const;
  std::size_t actions() const;
  std::vector<journal::Record> records() const;
  std::int64_t checkpoints() const;

  std::unique_ptr<UvLoop> loop = *UvLoop::create();
  FakeTimers timers;
  MemoryBus bus;
  RunClock clock{StreamClock(kEpoch0, MonoTime{}), [this] { return timers.now(); }};
  std::unique_ptr<process::Fleet> fleet;
  Outbox outbox{bus};
  MemoryContextStore store;
  Metrics metrics;
  FaultPoints faults;
  std::unique_ptr<JournalLog> log;
  bool leads = true;
  std::unique_ptr<Conductor> conductor;

 private:
  std::map<std::string, std::int64_t> reports_;  // by host
};

proto::Order order_of(const proto::Ready& ready);

}  // namespace lc::supervisor
