#include "common/mailbox.h"

#include <doctest/doctest.h>

#include <string>
#include <thread>
#include <vector>

#include "common/clock.h"

namespace lc {
namespace {

TEST_CASE("mailbox: many threads push, the loop gets each one's values in order, none lost") {
  auto loop = UvLoop::create().value();
  constexpr int kThreads = 4;
  constexpr int kEach = 5'000;
  std::vector<int> next(kThreads, 0);
  bool in_order = true;
  int got = 0;
  Mailbox<std::pair<int, int>>* box = nullptr;
  std::vector<std::pair<int, int>> batch;
  auto made = Mailbox<std::pair<int, int>>::create(
      loop->get(), {.items_max = 1'000'000, .bytes_max = 1'000'000'000}, [&] {
        box->take(batch);
        for (auto [thread, value] : batch) {
          in_order = in_order && value == next[static_cast<std::size_t>(thread)]++;
          ++got;
        }
        if (got == kThreads * kEach) {
          loop->stop();
        }
      });
  REQUIRE(made.has_value());
  box = made->get();
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([box, t] {
      for (int i = 0; i < kEach; ++i) {
        std::pair<int, int> value(t, i);
        box->push(value, 8);
      }
    });
  }
  loop->run();
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(in_order);
  CHECK(got == kThreads * kEach);
  made->reset();
  loop->close();
}

TEST_CASE("mailbox: full by items or by bytes is told, and the value is left alone") {
  auto loop = UvLoop::create().value();
  auto box = Mailbox<std::string>::create(loop->get(), {.items_max = 2, .bytes_max = 10}, [] {});
  REQUIRE(box.has_value());
  std::string heavy(20, 'x');
  CHECK_FALSE((*box)->push(heavy, heavy.size()));
  CHECK(heavy.size() == 20);
  std::string light = "a";
  CHECK((*box)->push(light, 1));
  light = "b";
  CHECK((*box)->push(light, 1));
  light = "c";
  CHECK_FALSE((*box)->push(light, 1));
  CHECK(light == "c");
  CHECK((*box)->push_always(light, 1));
  std::vector<std::string> batch;
  (*box)->take(batch);
  CHECK(batch == std::vector<std::string>{"a", "b", "c"});
  light = "d";
  CHECK((*box)->push(light, 10));
  (*box)->close();
  CHECK_FALSE((*box)->push_always(light, 1));
  loop->close();
}

TEST_CASE("queue: the receiver gets what was pushed, in order, and the end") {
  BlockingQueue<int> queue({.items_max = 100'000, .bytes_max = 1'000'000});
  std::vector<int> got;
  std::thread receiver([&] {
    std::vector<int> batch;
    while (queue.take(batch, monotonic_now() + seconds(60))) {
      got.insert(got.end(), batch.begin(), batch.end());
    }
  });
  std::vector<int> expected;
  for (int i = 0; i < 3'000; i += 3) {
    int single = i;
    CHECK(queue.push(single, 4));
    std::vector<int> pair{i + 1, i + 2};
    CHECK(queue.push_always(pair));
    CHECK(pair.empty());
    expected.insert(expected.end(), {i, i + 1, i + 2});
  }
  queue.push_quietly(7);
  expected.push_back(7);
  queue.close();
  receiver.join();
  CHECK(got == expected);
  int late = 1;
  CHECK_FALSE(queue.push_always(late));
}

TEST_CASE("queue: limits refuse, and the deadline ends the wait") {
  BlockingQueue<int> queue({.items_max = 1, .bytes_max = 100});
  int value = 1;
  CHECK(queue.push(value, 1));
  value = 2;
  CHECK_FALSE(queue.push(value, 1));
  std::vector<int> batch;
  CHECK(queue.take(batch, MonoTime{0}));
  CHECK(batch == std::vector<int>{1});
  CHECK_FALSE(queue.push(value, 101));
  MonoTime until = monotonic_now() + millis(2);
  CHECK(queue.take(batch, until));
  CHECK(batch.empty());
  CHECK(monotonic_now() >= until);
}

}  // namespace
}  // namespace lc
