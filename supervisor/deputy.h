#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/time.h"
#include "proto/host_report.h"
#include "proto/orders.h"

namespace lc::supervisor {

/// A supervisor that does not lead, and its workers: what it tells the leader of them, and what the
/// leader's orders make of them. Pure.
class Deputy {
 public:
  struct Options {
    StreamId stream;
    std::string host;
    std::string boot_id;
    std::vector<CrewId> crews;  // that are selected here, sorted
  };

  explicit Deputy(Options options);

  // What the workers do.
  void ready(const CrewId& crew);
  void down(const CrewId& crew);
  void taken(const CrewId& crew, const proto::Order& order);
  void answered(const CrewId& crew);
  /// The worker ended without an answer; its number is given here.
  void failed(proto::HostFailure failure);

  /// What it works on; nothing: nothing.
  std::optional<proto::Order> working_on(const CrewId& crew) const;

  struct Changes {
    std::vector<CrewId> start;  // their workers may run
    std::vector<CrewId> stop;   // disabled
    std::vector<CrewId> drop;   // what they work on is nobody's any more
  };
  /// Takes the orders of the stream's leader; nothing when they are another stream's or of one that
  /// leads no more.
  std::optional<Changes> hear(const proto::Orders& orders, MonoTime now);

  enum class Leaving { no, yes };
  /// The next report.
  proto::HostReport report(Leaving leaving = Leaving::no);

 private:
  struct Crew {
    proto::WorkerState state = proto::WorkerState::down;
    std::optional<proto::Order> order;
    std::int64_t told = 0;             // the first report with the order; 0: none yet
    std::optional<MonoTime> unwanted;  // since when orders do not name what it works on
    std::optional<bool> enabled;       // by the last orders
  };

  void judge(const CrewId& id, Crew& crew, const proto::Orders& orders, std::int64_t heard,
             MonoTime now, Changes& changes) const;

  Options options_;
  std::map<CrewId, Crew> crews_;
  std::deque<proto::HostFailure> failures_;  // that no orders have named yet
  std::int64_t failure_id_ = 0;
  std::int64_t seq_ = 0;
  std::int64_t lease_revision_ = 0;
};

}  // namespace lc::supervisor
