#include <doctest/doctest.h>
#include <nats/nats.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/bus_world.h"

namespace lc {
namespace {

/// A connection with nats.c's default options, that publishes when it is told.
class DefaultConnection {
 public:
  explicit DefaultConnection(const std::string& url) {
    REQUIRE(natsConnection_ConnectTo(&connection_, url.c_str()) == NATS_OK);
  }
  DefaultConnection(const DefaultConnection&) = delete;
  DefaultConnection& operator=(const DefaultConnection&) = delete;
  ~DefaultConnection() { natsConnection_Destroy(connection_); }

  void publish(const std::string& subject, const std::string& data) {
    natsConnection_Publish(connection_, subject.c_str(), data.data(),
                           static_cast<int>(data.size()));
  }

 private:
  natsConnection* connection_ = nullptr;
};

Micros median(std::vector<Micros> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

TEST_CASE("latency: a message leaves at once, not when a flusher wakes") {
  BusWorld world;
  int arrived = 0;
  REQUIRE(world.bus().subscribe("t.>", [&](BusMessage) { ++arrived; }));
  REQUIRE(world.bus().publish("t.warm", ""));
  REQUIRE(world.loop().run_until([&] { return arrived == 1; }));
  DefaultConnection slow(world.server().url());
  const std::string data(300, 'x');
  std::vector<Micros> ours;
  std::vector<Micros> theirs;
  // Taken in turns, so that whatever else the machine does meets both.
  constexpr int kRounds = 300;
  for (int round = 0; round < kRounds; ++round) {
    for (bool own : {true, false}) {
      int before = arrived;
      MonoTime start = monotonic_now();
      if (own) {
        REQUIRE(world.bus().publish("t.own", data));
      } else {
        slow.publish("t.default", data);
      }
      REQUIRE(world.loop().run_until([&] { return arrived > before; }));
      (own ? ours : theirs).push_back(monotonic_now() - start);
    }
  }
  double ratio = static_cast<double>(median(ours).us) / static_cast<double>(median(theirs).us);
  MESSAGE("one way, loop to loop: " << median(ours).us << " us; with default options: "
                                    << median(theirs).us << " us; ratio " << ratio);
  CHECK(ratio < 0.5);
}

}  // namespace
}  // namespace lc
