#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/result.h"
#include "proto/host_report.h"

namespace lc::proto {

/// A reaction that a host works on, as far as the leader knows.
struct Awaited {
  CrewId crew;
  Order order;
  std::string boot_id;  // of the host's supervisor

  bool operator==(const Awaited&) const = default;
};

/// How far the leader has heard a host.
struct HeardHost {
  std::string boot_id;
  std::int64_t seq = 0;      // of its last report
  std::int64_t failure = 0;  // id of the last failure that counts; 0: none

  bool operator==(const HeardHost&) const = default;
};

/// What the leader tells the other hosts of a stream, kind `__orders` on `live.S.orders`: all of it
/// each time, when something changes and once a second. A reaction of a host that has been heard
/// and that is not among those awaited is nobody's any more.
///
/// Source: proto/schemas/orders.json.
struct Orders {
  StreamId stream;
  std::string boot_id;  // of the leader's supervisor
  std::int64_t lease_revision = 0;
  std::vector<CrewId> disabled;  // sorted
  std::vector<Awaited> awaited;  // in crew order
  std::vector<HeardHost> heard;  // by boot_id

  bool operator==(const Orders&) const = default;
};

Result<Orders> parse_orders(std::string_view text);
std::string write_orders(const Orders& orders);

}  // namespace lc::proto
