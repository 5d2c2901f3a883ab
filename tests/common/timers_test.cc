#include "common/timers.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "common/clock.h"
#include "tests/support/fake_timers.h"

namespace lc {
namespace {

struct World {
  std::unique_ptr<UvLoop> loop = UvLoop::create().value();
  std::unique_ptr<LoopTimers> timers = LoopTimers::create(loop->get()).value();

  ~World() {
    timers.reset();
    loop->close();
  }
};

TEST_CASE("timers: never early, to the microsecond") {
  World world;
  constexpr int kTimers = 200;
  int fired = 0;
  MonoTime start = monotonic_now();
  for (int i = 0; i < kTimers; ++i) {
    MonoTime at = start + Micros{137 * i};
    world.timers->arm(at, [&fired, &world, at] {
      CHECK(monotonic_now() >= at);
      if (++fired == kTimers) {
        world.loop->stop();
      }
    });
  }
  world.loop->run();
  CHECK(fired == kTimers);
}

TEST_CASE("timers: not early after a callback that held the loop up") {
  World world;
  world.timers->arm(monotonic_now(), [&world] {
    MonoTime busy_until = monotonic_now() + millis(30);
    while (monotonic_now() < busy_until) {
    }
    MonoTime at = monotonic_now() + millis(5);
    world.timers->arm(at, [&world, at] {
      CHECK(monotonic_now() >= at);
      world.loop->stop();
    });
  });
  world.loop->run();
}

TEST_CASE("timers: by time, then in the order armed") {
  World world;
  std::string order;
  MonoTime now = monotonic_now();
  world.timers->arm(now + Micros{300}, [&] { order += 'd'; });
  world.timers->arm(now, [&] { order += 'b'; });
  world.timers->arm(now, [&] { order += 'c'; });
  world.timers->arm(MonoTime{-5}, [&] { order += 'a'; });
  world.timers->arm(now + Micros{400}, [&] { world.loop->stop(); });
  world.loop->run();
  CHECK(order == "abcd");
}

TEST_CASE("timers: a cancelled timer does not run, also when another one cancels it") {
  World world;
  bool ran = false;
  MonoTime now = monotonic_now();
  TimerId never = world.timers->arm(now, [&] { ran = true; });
  world.timers->cancel(never);
  world.timers->cancel(never);
  world.timers->cancel(TimerId{});
  TimerId second{};
  world.timers->arm(now, [&] { world.timers->cancel(second); });
  second = world.timers->arm(now, [&] { ran = true; });
  world.timers->arm(now + Micros{500}, [&] { world.loop->stop(); });
  world.loop->run();
  CHECK_FALSE(ran);
}

TEST_CASE("timers: one that arms itself in the past lets other handles run") {
  World world;
  Pipe pipe = make_pipe().value();
  bool seen = false;
  std::function<void()> again = [&] {
    if (!seen) {
      world.timers->arm(MonoTime{0}, again);
    }
  };
  world.timers->arm(MonoTime{0}, again);
  auto watcher = FdWatcher::create(world.loop->get(), pipe.write.get(), UV_WRITABLE, [&](int) {
    seen = true;
    world.loop->stop();
  });
  REQUIRE(watcher.has_value());
  world.loop->run();
  CHECK(seen);
  watcher->reset();
}

TEST_CASE("fake timers: advancing runs what is due, with the clock at its deadline") {
  FakeTimers timers;
  std::vector<std::int64_t> at;
  timers.arm(MonoTime{20}, [&] { at.push_back(timers.now().us); });
  timers.arm(MonoTime{10}, [&] {
    at.push_back(timers.now().us);
    timers.arm(MonoTime{15}, [&] { at.push_back(timers.now().us); });
  });
  TimerId never = timers.arm(MonoTime{12}, [&] { at.push_back(-1); });
  timers.cancel(never);
  timers.advance_to(MonoTime{19});
  CHECK(at == std::vector<std::int64_t>{10, 15});
  CHECK(timers.now() == MonoTime{19});
  CHECK(timers.next() == MonoTime{20});
  timers.advance_to(MonoTime{30});
  CHECK(at.back() == 20);
  CHECK_FALSE(timers.has_next());
}

}  // namespace
}  // namespace lc
