#include "supervisor/peers.h"

#include <doctest/doctest.h>

namespace lc::supervisor {
namespace {

std::string heartbeat(std::string boot_id, proto::Role role) {
  proto::Heartbeat heartbeat{.ts = {}, .stream = {"m1"}, .host = "h", .version = "0"};
  heartbeat.boot_id = std::move(boot_id);
  heartbeat.role = role;
  return proto::write_heartbeat(heartbeat);
}

}  // namespace

TEST_CASE("peers: a standby counts until three of its heartbeats have not come") {
  Peers peers("own");
  const MonoTime now{};
  CHECK_FALSE(peers.has_standby(now));
  peers.hear(heartbeat("other", proto::Role::standby), now);
  CHECK(peers.has_standby(now + seconds(14)));
  CHECK_FALSE(peers.has_standby(now + seconds(15)));
}

TEST_CASE("peers: neither we ourselves nor a leader nor noise stands by") {
  Peers peers("own");
  peers.hear(heartbeat("own", proto::Role::standby), {});
  peers.hear(heartbeat("other", proto::Role::leader), {});
  peers.hear("noise", {});
  CHECK_FALSE(peers.has_standby({}));
  peers.hear(heartbeat("other", proto::Role::standby), {});
  CHECK(peers.has_standby({}));
  peers.hear(heartbeat("other", proto::Role::leader), {});  // it has taken over
  CHECK_FALSE(peers.has_standby({}));
}

}  // namespace lc::supervisor
