// The floors: programs on plain libnats that do the way of a figure and nothing else.
//
//   floor router URL STREAM EVENTS READY DONE ACTIONS   JetStream -> READY, DONE -> ACTIONS
//   floor worker URL READY DONE                         READY -> DONE; prints `ready`, then serves
//   floor standby URL READY DONE                        ... prints `standby`, subscribes at a byte
//   floor drain URL STREAM SUBJECT COUNT                reads a stream in order: events per second
//   floor ticker URL SUBJECT SLICE_MS COUNT             publishes at absolute times: {"due_us":...}

#include <fmt/format.h>
#include <poll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

#include "tests/bench/nats_client.h"
#include "tests/bench/program.h"

namespace lc::bench {
namespace {

struct Forward {
  natsConnection* connection;
  std::string to;
};

void forward(natsConnection*, natsSubscription*, natsMsg* raw, void* closure) {
  const Message message(raw);
  const auto* way = static_cast<const Forward*>(closure);
  natsConnection_Publish(way->connection, way->to.c_str(), natsMsg_GetData(raw),
                         natsMsg_GetDataLength(raw));
}

void say(const char* word) {
  fmt::print("{}\n", word);
  std::fflush(stdout);
}

void wait_for_end_of_input() {
  char ignored = 0;
  while (read(STDIN_FILENO, &ignored, 1) > 0) {
  }
}

int router(const std::vector<std::string>& words) {
  const Connection connection = connect(words[0]);
  const JetStream context = jet_stream(connection.get());
  Forward to_worker{connection.get(), words[3]};
  Forward to_actions{connection.get(), words[5]};
  natsSubscription* done = nullptr;
  require(natsConnection_Subscribe(&done, connection.get(), words[4].c_str(), forward, &to_actions),
          "subscribe done");
  const Subscription owned_done(done);
  jsSubOptions options;
  jsSubOptions_Init(&options);
  options.Ordered = true;
  options.Stream = words[1].c_str();
  options.Config.DeliverPolicy = js_DeliverNew;
  natsSubscription* events = nullptr;
  require(js_Subscribe(&events, context.get(), words[2].c_str(), forward, &to_worker, nullptr,
                       &options, nullptr),
          "consume events");
  const Subscription owned_events(events);
  require(natsConnection_Flush(connection.get()), "flush");
  say("ready");
  wait_for_end_of_input();
  return 0;
}

enum class Subscribes { at_once, when_told };

int worker(const std::vector<std::string>& words, Subscribes when) {
  const Connection connection = connect(words[0]);
  char told = 0;
  if (when == Subscribes::when_told) {
    say("standby");
    if (read(STDIN_FILENO, &told, 1) != 1) {
      return 0;
    }
  }
  Forward back{connection.get(), words[2]};
  natsSubscription* ready = nullptr;
  require(natsConnection_Subscribe(&ready, connection.get(), words[1].c_str(), forward, &back),
          "subscribe ready");
  const Subscription owned(ready);
  require(natsConnection_Flush(connection.get()), "flush");
  say("ready");
  wait_for_end_of_input();
  return 0;
}

int drain(const std::vector<std::string>& words) {
  const Connection connection = connect(words[0]);
  const JetStream context = jet_stream(connection.get());
  jsSubOptions options;
  jsSubOptions_Init(&options);
  options.Ordered = true;
  options.Stream = words[1].c_str();
  const std::int64_t count = std::stoll(words[3]);
  const std::int64_t start = monotonic_us();
  natsSubscription* raw = nullptr;
  require(js_SubscribeSync(&raw, context.get(), words[2].c_str(), nullptr, &options, nullptr),
          "consume events");
  const Subscription events(raw);
  for (std::int64_t i = 0; i < count; ++i) {
    next(events.get());
  }
  const std::int64_t took_us = monotonic_us() - start;
  fmt::print("{{\"per_s\":{}}}\n", count * 1'000'000 / took_us);
  return 0;
}

int ticker(const std::vector<std::string>& words) {
  const Connection connection = connect(words[0]);
  const std::int64_t slice_us = std::stoll(words[2]) * 1'000;
  const int timer = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC);
  std::int64_t due_us = wall_us() + slice_us;
  for (std::int64_t left = std::stoll(words[3]); left > 0; --left, due_us += slice_us) {
    itimerspec when{};
    when.it_value = {.tv_sec = due_us / 1'000'000, .tv_nsec = due_us % 1'000'000 * 1'000};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, nullptr);
    std::uint64_t expirations = 0;
    if (read(timer, &expirations, sizeof expirations) < 0) {
      return 1;
    }
    const std::string text = fmt::format("{{\"due_us\":{}}}", due_us);
    require(natsConnection_PublishString(connection.get(), words[1].c_str(), text.c_str()), "tick");
  }
  close(timer);
  return 0;
}

}  // namespace
}  // namespace lc::bench

int main(int argc, char** argv) {
  using namespace lc::bench;
  const std::vector<Command> commands = {
      {"router", {6}, router},
      {"worker", {3}, [](const Words& words) { return worker(words, Subscribes::at_once); }},
      {"standby", {3}, [](const Words& words) { return worker(words, Subscribes::when_told); }},
      {"drain", {4}, drain},
      {"ticker", {4}, ticker}};
  return run_program(commands, argc, argv);
}
