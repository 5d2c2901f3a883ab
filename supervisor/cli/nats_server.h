#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"

namespace lc::cli {

/// What a NATS server says of itself to whoever connects.
struct NatsServer {
  std::string version;  // 2.9.10
  std::string cluster;  // its cluster's name; empty: it stands alone
  bool jetstream = false;

  bool operator==(const NatsServer&) const = default;
};

/// Reads the greeting of the first server of a comma-separated list that answers. No login is
/// needed.
///
/// Errors: unavailable - none answers within `patience_ms`; invalid_input - the list cannot be
/// used; corrupt - whoever answers is no NATS server.
Result<NatsServer> ask_nats_server(const std::string& urls, std::int64_t patience_ms);

/// Errors: corrupt - not the line `INFO {...}`.
Result<NatsServer> parse_nats_greeting(std::string_view line);

/// A known way to lose or to double what was acknowledged, and the way out.
struct NatsFlaw {
  std::string what;
  std::string remedy;
};

/// What is known against this server for streams with so many replicas. Pure.
std::vector<NatsFlaw> nats_flaws(const NatsServer& server, std::int64_t replicas);

}  // namespace lc::cli
