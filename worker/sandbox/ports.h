#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/worker_config.h"

namespace lc::worker {

/// What a URL, or an address without a scheme, connects to.
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;

  bool operator==(const Endpoint&) const = default;
};

/// Nothing for a text without a host, or with a port that is none. Without a port it is the
/// scheme's, or `port_default` when that is unknown.
std::optional<Endpoint> endpoint_of(std::string_view url, std::uint16_t port_default);

/// The TCP ports that a worker at this level needs, ascending: those of NATS, of the model service
/// and of `connect`; at `standard` also of the proxies and 53, 80 and 443; at `strict` 53 only when
/// one of the first two has a name that must be resolved.
std::vector<std::uint16_t> ports_of(const proto::WorkerConfig& config,
                                    const std::map<std::string, std::string>& environment);

}  // namespace lc::worker
