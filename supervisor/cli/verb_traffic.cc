#include <fmt/format.h>

#include <charconv>

#include "proto/config.h"
#include "supervisor/cli/emit.h"
#include "supervisor/cli/online.h"
#include "supervisor/cli/put.h"
#include "supervisor/cli/report.h"
#include "supervisor/cli/tap.h"

namespace lc::cli {
namespace {

constexpr std::int64_t kPatienceSMax = 3'600;
constexpr double kSpeedMax = 1e6;

std::optional<StreamId> stream_of(std::string_view verb, const Args& args, Io& io) {
  auto stream = parse_stream_id(args.text("stream"));
  if (!stream) {
    put(io.err, "live-crew {}: --stream: {}\n", verb, stream.error().message);
    return std::nullopt;
  }
  return std::move(*stream);
}

int run_emit(const Args& args, Io& io) {
  auto stream = stream_of("emit", args, io);
  if (!stream) {
    return kExitUsage;
  }
  EmitOptions options{.stream = std::move(*stream),
                      .nats_url = nats_url(args),
                      .file = args.text("FILE"),
                      .times = args.has("from-now") ? EmitTimes::from_now : EmitTimes::as_written,
                      .replicas = static_cast<int>(args.number("replicas")),
                      .patience_s = args.number("patience")};
  if (const std::string speed = args.text("speed"); speed != "max") {
    double times = 0;
    const auto [end, error] = std::from_chars(speed.data(), speed.data() + speed.size(), times);
    const bool whole = error == std::errc{} && end == speed.data() + speed.size();
    if (!whole || !(times > 0) || times > kSpeedMax) {
      put(io.err, "live-crew emit: --speed '{}' must be max or a number above 0, up to {:.0f}\n",
          speed, kSpeedMax);
      return kExitUsage;
    }
    options.speed = times;
  }
  return emit(options, io.err);
}

int run_tap(const Args& args, Io& io) {
  auto stream = stream_of("tap", args, io);
  if (!stream) {
    return kExitUsage;
  }
  TapOptions options{.stream = std::move(*stream),
                     .nats_url = nats_url(args),
                     .limit = args.number("limit"),
                     .patience_s = args.number("patience")};
  const std::pair<const char*, TapTopic> topics[] = {
      {"events", TapTopic::events},   {"actions", TapTopic::actions},
      {"control", TapTopic::control}, {"errors", TapTopic::errors},
      {"context", TapTopic::context}, {"heartbeats", TapTopic::heartbeats}};
  for (const auto& [name, topic] : topics) {
    if (args.has(name)) {
      options.topics.insert(topic);
    }
  }
  return tap(options, io.out, io.err);
}

Verb emit_verb() {
  Option file{.name = "FILE",
              .help = "events, a JSON object a line, or - for standard input",
              .required = true,
              .value_is = ValueIs::file};
  Option speed{.name = "speed",
               .value = "N",
               .help = "N times real time by the events' ts, or max",
               .fallback = "max"};
  Option from_now{.name = "from-now", .help = "shift all times so that the first event is now"};
  return {.name = "emit",
          .summary = "Publish events into a stream",
          .details =
              "Every event is checked first: a line that is no valid event is reported as "
              "FILE:LINE and left out, all others are sent and waited for until the stream "
              "has acknowledged them.",
          .examples = {{"emit -s match42 events.jsonl", "sends a file as fast as it goes"},
                       {"emit -s match42 events.jsonl --from-now --speed 10",
                        "plays a past match as if it were now, ten times as fast"},
                       {"emit -s match42 - < pipe", "passes on what another program writes"}},
          .options = {stream_option(), file, speed, from_now, replicas_option(), nats_option(),
                      patience_option()},
          .run = run_emit};
}

Verb tap_verb() {
  return {.name = "tap",
          .summary = "Print what passes by on a stream",
          .details =
              "Each message is a line {\"subject\",\"data\"}. Without a topic: events, actions "
              "and errors. Goes on after a lost connection.",
          .examples = {{"tap -s match42 --actions", "prints what crews want done"},
                       {"tap -s match42 --control --errors", "shows who is woken and what fails"}},
          .options = {stream_option(),
                      {.name = "events", .help = "what producers publish"},
                      {.name = "actions", .help = "what crews want done"},
                      {.name = "control", .help = "ready and done of every crew"},
                      {.name = "errors", .help = "what went wrong"},
                      {.name = "context", .help = "the snapshot of each beat"},
                      {.name = "heartbeats", .help = "the supervisor's signs of life"},
                      {.name = "limit",
                       .value = "N",
                       .help = "stop after so many messages; 0: never",
                       .fallback = "0",
                       .number = Range{0, 1'000'000'000}},
                      nats_option(),
                      patience_option()},
          .run = run_tap};
}

}  // namespace

std::string nats_url(const Args& args) {
  const std::string given = args.text("nats");
  return given.empty() ? proto::LiveConfig{}.nats_url : given;
}

Option replicas_option() {
  return {.name = "replicas",
          .value = "N",
          .help = "on how many servers of a cluster a stream is kept that is created",
          .fallback = "1",
          .variable = "LIVE_CREW_NATS_REPLICAS",
          .number = Range{1, 5}};
}

Option patience_option() {
  return {.name = "patience",
          .value = "SECONDS",
          .help = "how long to wait for NATS",
          .fallback = "30",
          .number = Range{0, kPatienceSMax}};
}

void register_traffic(Verbs& verbs) {
  verbs.push_back(emit_verb());
  verbs.push_back(tap_verb());
}

}  // namespace lc::cli
