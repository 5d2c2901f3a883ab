#include "worker/once.h"

#include <fmt/format.h>

#include <array>
#include <cstdio>

#include "common/clock.h"
#include "common/json.h"
#include "worker/child_tree.h"
#include "worker/crew/load.h"
#include "worker/lifeline.h"
#include "worker/reply.h"

namespace lc::worker {
namespace {

constexpr int kExitReactionFailed = 1;
constexpr int kExitBadInput = 65;

OnceResult complain(int code, const Error& error) {
  fmt::print(stderr, "lcworker: {}\n", error.message);
  return {.exit_code = code};
}

std::string read_standard_input() {
  std::string text;
  std::array<char, 65536> chunk;
  while (const std::size_t n = fread(chunk.data(), 1, chunk.size(), stdin)) {
    text.append(chunk.data(), n);
  }
  return text;
}

// Where the slices are counted from when nobody says: the first event's time.
Json first_event_time(const JsonObject& ready) {
  const Json* events = find(ready, "events");
  const JsonArray* list = events != nullptr ? as_array(*events) : nullptr;
  if (list != nullptr && !list->empty() && as_object(list->front()) != nullptr) {
    const Json* event = find(*as_object(list->front()), "event");
    if (event != nullptr && as_object(*event) != nullptr) {
      if (const Json* ts = find(*as_object(*event), "ts"); ts != nullptr) {
        return *ts;
      }
    }
  }
  return Json("1970-01-01T00:00:00Z");
}

// `vision` of `crews/vision/vision.runtime.yaml`.
std::string crew_of(const std::string& crew_file) {
  const std::string name = crew_file.substr(crew_file.rfind('/') + 1);
  return name.substr(0, name.find('.'));
}

// A person who tries a crew writes what matters; the rest gets the values of a first reaction.
Result<std::string> complete_ready(const std::string& text, const std::string& crew_file) {
  LC_TRY(Json json, parse_json(text));
  const JsonObject* given = as_object(json);
  if (given == nullptr) {
    return fail(ErrorCode::invalid_input,
                fmt::format("the ready message is {}, not an object", type_name(json)));
  }
  JsonObject whole = *given;
  const auto fill = [&whole](std::string_view key, Json value) {
    if (find(whole, key) == nullptr) {
      whole.emplace_back(key, std::move(value));
    }
  };
  fill("v", proto::kWireVersion);
  fill("stream", "once");
  fill("slice", 0);
  fill("crew", crew_of(crew_file));
  fill("attempt", 1);
  fill("nonce", "once");
  fill("epoch0", first_event_time(whole));
  fill("slice_ms", 500);
  fill("deadline_ms", nullptr);
  fill("lamport", 0);
  fill("ctx_rev", 0);
  fill("ctx", JsonObject{});
  fill("events", JsonArray{});
  fill("needs", JsonObject{});
  fill("missing", JsonArray{});
  return write_json(Json(std::move(whole)));
}

Result<proto::Ready> read_ready(const std::string& crew_file) {
  LC_TRY(const std::string text, complete_ready(read_standard_input(), crew_file));
  return proto::parse_ready(text);
}

}  // namespace

OnceResult run_once(const Options& options, const Environment& environment) {
  ignore_broken_pipes();
  auto ready = read_ready(options.crew_file);
  if (!ready) {
    return complain(kExitBadInput, ready.error());
  }
  proto::WorkerConfig config{.stream = ready->stream, .manifest = options.crew_file};
  if (!options.llm_url.empty()) {
    config.llm.base_url = options.llm_url;
  }
  ChildTree tree;
  const auto cassette = read_cassette_file(options.cassette, environment);
  if (!cassette) {
    return complain(exit_config, cassette.error());
  }
  auto crew = load_crew(config, tree, environment, *cassette, [] {});
  if (!crew) {
    return complain(exit_config, crew.error());
  }
  if (auto started = (*crew)->start(); !started) {
    tree.end_children();
    return complain(exit_config, started.error());
  }
  const MonoTime start = monotonic_now();
  const Answer answer = (*crew)->react(*ready);
  const std::int64_t t_ms = (monotonic_now() - start).us / 1000;
  tree.end_children();
  const bool failed = answer.status == proto::DoneStatus::error;
  return {.exit_code = failed ? kExitReactionFailed : 0,
          .done = write_bounded_done(make_done(*ready, answer, t_ms), proto::kDoneBytesMax) + "\n"};
}

}  // namespace lc::worker
