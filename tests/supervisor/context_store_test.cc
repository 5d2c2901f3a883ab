// The context's bucket that does not take what is put, for a while.

#include "supervisor/context_store.h"

#include <doctest/doctest.h>

#include <optional>

#include "tests/support/fake_timers.h"
#include "tests/support/memory_bus.h"

namespace lc::supervisor {
namespace {

TEST_CASE("context store: what was not taken is put again, without any reconnection") {
  FakeTimers timers;
  MemoryBus bus;
  RunClock clock{StreamClock(WallTime{}, MonoTime{}), [&timers] { return timers.now(); }};
  KvContextStore store(bus, timers, clock, "b");
  bus.pump_all();
  proto::Snapshot snapshot;
  snapshot.stream = StreamId{"m1"};
  store.put(snapshot);  // nobody has the bucket yet, as when it has no leader
  bus.pump_all();
  CHECK_FALSE(store.settled());
  bus.ensure_bucket({.name = "b"}, [](const Result<bool>&) {});
  bus.pump_all();
  timers.advance_to(timers.now() + seconds(1));
  bus.pump_all();
  CHECK(store.settled());
  std::optional<proto::Snapshot> kept;
  store.load([&kept](const Result<std::optional<proto::Snapshot>>& loaded) {
    REQUIRE(loaded);
    kept = *loaded;
  });
  bus.pump_all();
  REQUIRE(kept);
  CHECK(*kept == snapshot);
}

}  // namespace
}  // namespace lc::supervisor
