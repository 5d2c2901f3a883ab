// The measuring side, the same for a figure and its floor. Prints one JSON object.
//
//   measure latency URL EVENTS ACTIONS COUNT KIND   publish an event, wait for the action, in turn
//   measure fill URL EVENTS COUNT PER_SLICE         COUNT events, PER_SLICE of them every 500 ms
//   measure beats URL SUBJECT COUNT                 arrival after `due_us` (a floor's messages)
//   measure beats URL SUBJECT COUNT FIRST_DUE_US SLICE_MS   ... of `__context`, slice 0's due time

#include <fmt/format.h>

#include <string>
#include <vector>

#include "common/json.h"
#include "common/time.h"
#include "tests/bench/nats_client.h"
#include "tests/bench/program.h"
#include "tests/bench/samples.h"

namespace lc::bench {
namespace {

constexpr std::int64_t kWarmUpCount = 50;
constexpr std::int64_t kFillEpochUs = 1'753'989'720'000'000;
constexpr std::int64_t kFillSliceUs = 500'000;
constexpr std::int64_t kFillTimeoutMs = 60'000;

std::string event_text(const std::string& kind, std::int64_t ts_us, std::int64_t number) {
  return fmt::format(
      R"({{"ts":"{}","kind":"{}","stream_id":"m1","payload":{{"n":{},"team":"home","player":"somebody","location":[61.0,41.0],"note":"{:a<160}"}}}})",
      format_rfc3339(WallTime{ts_us}), kind, number, "");
}

int latency(const std::vector<std::string>& words) {
  const Connection connection = connect(words[0]);
  natsSubscription* raw = nullptr;
  require(natsConnection_SubscribeSync(&raw, connection.get(), words[2].c_str()), "subscribe");
  const Subscription actions(raw);
  require(natsConnection_Flush(connection.get()), "flush");
  std::vector<std::int64_t> took_us;
  const std::int64_t count = std::stoll(words[3]);
  for (std::int64_t i = -kWarmUpCount; i < count; ++i) {
    const std::string text = event_text(words[4], wall_us() / 1'000 * 1'000, i);
    const std::int64_t start = monotonic_us();
    require(natsConnection_PublishString(connection.get(), words[1].c_str(), text.c_str()),
            "publish");
    next(actions.get());
    if (i >= 0) {
      took_us.push_back(monotonic_us() - start);
    }
  }
  fmt::print("{}\n", percentiles(std::move(took_us)));
  return 0;
}

int fill(const std::vector<std::string>& words) {
  const Connection connection = connect(words[0]);
  const JetStream context = jet_stream(connection.get());
  const std::int64_t count = std::stoll(words[2]);
  const std::int64_t per_slice = std::stoll(words[3]);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::string text = event_text("goal", kFillEpochUs + i / per_slice * kFillSliceUs, i);
    require(js_PublishAsync(context.get(), words[1].c_str(), text.data(),
                            static_cast<int>(text.size()), nullptr),
            "publish");
  }
  jsPubOptions options;
  jsPubOptions_Init(&options);
  options.MaxWait = kFillTimeoutMs;
  require(js_PublishAsyncComplete(context.get(), &options), "acknowledgements");
  fmt::print("{{\"count\":{}}}\n", count);
  return 0;
}

std::int64_t member(const JsonObject& object, std::string_view key) {
  const Json* value = find(object, key);
  return value == nullptr ? 0 : as_int(*value).value_or(0);
}

int beats(const std::vector<std::string>& words) {
  const Connection connection = connect(words[0]);
  natsSubscription* raw = nullptr;
  require(natsConnection_SubscribeSync(&raw, connection.get(), words[1].c_str()), "subscribe");
  const Subscription ticks(raw);
  require(natsConnection_Flush(connection.get()), "flush");
  fmt::print(stderr, "listening\n");
  std::vector<std::int64_t> late_us;
  const std::int64_t count = std::stoll(words[2]);
  while (static_cast<std::int64_t>(late_us.size()) < count) {
    const Message message = next(ticks.get());
    const std::int64_t arrived_us = wall_us();
    const auto tree = parse_json(data_of(message));
    const JsonObject object = tree && as_object(*tree) ? *as_object(*tree) : JsonObject{};
    const std::int64_t due_us =
        words.size() == 3
            ? member(object, "due_us")
            : std::stoll(words[3]) + member(object, "slice") * std::stoll(words[4]) * 1'000;
    late_us.push_back(arrived_us - due_us);
  }
  fmt::print("{}\n", percentiles(std::move(late_us)));
  return 0;
}

}  // namespace
}  // namespace lc::bench

int main(int argc, char** argv) {
  using namespace lc::bench;
  const std::vector<Command> commands = {
      {"latency", {5}, latency}, {"fill", {4}, fill}, {"beats", {3, 5}, beats}};
  return run_program(commands, argc, argv);
}
