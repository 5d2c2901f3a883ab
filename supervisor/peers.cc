#include "supervisor/peers.h"

#include <algorithm>
#include <utility>

namespace lc::supervisor {
namespace {

constexpr std::size_t kPeersMax = 1'000;
constexpr std::int64_t kMissedMax = 3;  // heartbeats, then it counts as gone

}  // namespace

void Peers::hear(std::string_view text, MonoTime now) {
  auto heartbeat = proto::parse_heartbeat(text);
  if (!heartbeat || heartbeat->boot_id == own_) {
    return;
  }
  std::erase_if(peers_, [this, now](const auto& entry) { return !is_there(entry.second, now); });
  if (peers_.size() < kPeersMax || peers_.contains(heartbeat->boot_id)) {
    std::string boot_id = heartbeat->boot_id;
    peers_[std::move(boot_id)] = {std::move(*heartbeat), now};
  }
}

bool Peers::has_standby(MonoTime now) const {
  return std::ranges::any_of(peers_, [this, now](const auto& entry) {
    return entry.second.heartbeat.role == proto::Role::standby && is_there(entry.second, now);
  });
}

bool Peers::is_there(const Peer& peer, MonoTime now) const {
  return now - peer.heard < seconds(kMissedMax * peer.heartbeat.heartbeat_s);
}

}  // namespace lc::supervisor
