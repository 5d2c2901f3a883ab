#pragma once

#include <map>
#include <string>
#include <string_view>

#include "common/ids.h"
#include "common/time.h"
#include "proto/heartbeat.h"

namespace lc::supervisor {

/// The other supervisors of a stream, by their heartbeats. Pure.
class Peers {
 public:
  explicit Peers(std::string own_boot_id) : own_(std::move(own_boot_id)) {}

  /// Takes what came on the stream's heartbeats; what cannot be read is nobody's.
  void hear(std::string_view text, MonoTime now);

  /// Whether somebody is there to take over.
  bool has_standby(MonoTime now) const;

 private:
  struct Peer {
    proto::Heartbeat heartbeat;
    MonoTime heard;
  };

  bool is_there(const Peer& peer, MonoTime now) const;

  std::string own_;
  std::map<std::string, Peer> peers_;  // by boot_id
};

}  // namespace lc::supervisor
