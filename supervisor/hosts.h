#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/ids.h"
#include "common/time.h"
#include "proto/host_report.h"
#include "proto/orders.h"

namespace lc::supervisor {

inline constexpr Micros kHostGoneAfter = millis(3'500);  // without a report; one comes each second

/// The other hosts of a stream as its leader knows them, by what they report of their workers.
/// Pure.
class Hosts {
 public:
  /// What one report brings.
  struct News {
    bool is_first = false;                               // of this host
    std::vector<CrewId> ready;                           // whose workers wait there
    std::vector<std::pair<CrewId, proto::Order>> taken;  // what they work on
    std::vector<proto::HostFailure> failures;            // that were not heard before
  };

  /// Takes a report; nothing when it is older than one that was taken. The last one of a host that
  /// leaves makes it gone.
  std::optional<News> hear(const proto::HostReport& report, MonoTime now);

  struct Gone {
    std::string boot_id;
    std::string host;
  };
  /// Forgets the hosts that are gone, and names them.
  std::vector<Gone> sweep(MonoTime now);

  /// Nothing could be heard until now: silence counts from here.
  void listen_again(MonoTime now);

  std::size_t count() const { return hosts_.size(); }
  bool empty() const { return hosts_.empty(); }
  bool knows(const std::string& boot_id) const { return hosts_.contains(boot_id); }
  std::string name_of(const std::string& boot_id) const;

  /// The names of the hosts on which the crew is selected, sorted.
  std::vector<std::string> of_crew(const CrewId& crew) const;
  bool selects(const CrewId& crew) const;
  /// The hosts on which a worker of the crew waits for work: their boot_ids, sorted.
  std::vector<std::string> ready_for(const CrewId& crew) const;
  /// Whether the host's worker works on this, by its last report.
  bool works_on(const std::string& boot_id, const CrewId& crew, const proto::Order& order) const;

  /// How far each has been heard, by boot_id.
  std::vector<proto::HeardHost> heard() const;

 private:
  struct Host {
    std::string name;
    std::map<CrewId, proto::HostCrew> crews;
    std::int64_t seq = 0;
    MonoTime heard;
    bool is_leaving = false;
  };

  std::map<std::string, Host> hosts_;             // by boot_id
  std::map<std::string, std::int64_t> failures_;  // the last that counted, also of hosts gone
};

}  // namespace lc::supervisor
