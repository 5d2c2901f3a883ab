#include "supervisor/journal/checkpoint_text.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "proto/config.h"
#include "proto/parts.h"
#include "supervisor/journal/values.h"

namespace lc::journal {
namespace {

using engine::CrewSpec;
using engine::EngineOptions;
using proto::kAnyWireInt;
using proto::kCount;
using proto::kCountFromOne;
using proto::ObjectReader;

// A checkpoint holds events, actions and contexts, deeper than where they came from.
constexpr JsonLimits kLimits = {.bytes_max = std::size_t{256} << 20, .depth_max = 80};

const std::vector<proto::WaitPolicy> kWaitPolicies = {
    proto::WaitPolicy::all, proto::WaitPolicy::any, proto::WaitPolicy::none,
    proto::WaitPolicy::timeout};
const std::vector<proto::BacklogPolicy> kBacklogPolicies = {proto::BacklogPolicy::fifo,
                                                            proto::BacklogPolicy::latest};
const std::vector<proto::DispatchMode> kDispatchModes = {proto::DispatchMode::slice,
                                                         proto::DispatchMode::event};
const std::vector<proto::NeedType> kNeedTypes = {proto::NeedType::crew, proto::NeedType::event};
const std::vector<proto::ClockMode> kClocks = {proto::ClockMode::wall, proto::ClockMode::event};
const std::vector<proto::LatePolicy> kLatePolicies = {
    proto::LatePolicy::next, proto::LatePolicy::drop, proto::LatePolicy::dead_letter};
const std::vector<proto::MergePolicy> kMergePolicies = {
    proto::MergePolicy::replace, proto::MergePolicy::deep, proto::MergePolicy::counter,
    proto::MergePolicy::gset, proto::MergePolicy::state_machine};
const std::vector<CheckpointWhy> kWhys = {CheckpointWhy::start, CheckpointWhy::periodic,
                                          CheckpointWhy::stop, CheckpointWhy::epoch};
const std::vector<Letter::To> kTos = {Letter::To::actions, Letter::To::errors};

std::vector<std::string> read_texts(ObjectReader& reader, std::string_view name) {
  std::vector<std::string> texts;
  for (const std::string_view item : reader.items(name)) {
    auto text = json_string_value(item);
    if (!text) {
      reader.problem(name, "holds something that is no text");
    }
    texts.push_back(text.value_or(""));
  }
  return texts;
}

std::string hex(std::uint64_t number) {
  return fmt::format("{:016x}", number);
}

std::uint64_t read_hex(ObjectReader& reader, std::string_view name) {
  const std::string text = reader.text(name);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  if (error != std::errc{} || end != text.data() + text.size()) {
    reader.problem(name, "is no hexadecimal number");
  }
  return number;
}

void write_crew_spec(JsonWriter& json, const CrewSpec& spec) {
  json.begin_object().key("crew").string(spec.crew.value).key("triggers").begin_array();
  for (const Kind& kind : spec.triggers) {
    json.string(kind.value);
  }
  json.end_array().key("needs").begin_array();
  for (const proto::Need& need : spec.needs) {
    json.begin_object().key("type").string(to_string(need.type)).key("name").string(need.name);
    json.key("offset").number(need.offset).end_object();
  }
  json.end_array().key("wait_policy").string(to_string(spec.wait_policy));
  json.key("wait_timeout_ms").number(spec.wait_timeout_ms);
  json.key("slice_stride").number(spec.slice_stride);
  if (spec.timeout_ms) {
    json.key("timeout_ms").number(*spec.timeout_ms);
  }
  json.key("backlog_policy").string(to_string(spec.backlog_policy));
  json.key("max_errors").number(spec.max_errors);
  json.key("dispatch").string(to_string(spec.dispatch));
  json.key("fingerprint").string(hex(spec.fingerprint)).end_object();
}

CrewSpec read_crew_spec(ObjectReader reader) {
  CrewSpec spec;
  spec.crew = reader.crew("crew");
  for (std::string& kind : read_texts(reader, "triggers")) {
    spec.triggers.push_back({std::move(kind)});
  }
  read_each(reader, "needs", [&spec](ObjectReader item) {
    proto::Need& need = spec.needs.emplace_back();
    need.type = proto::read_word(item, "type", kNeedTypes);
    need.name = item.text("name");
    need.offset = item.integer("offset", kAnyWireInt);
    item.finish();
  });
  spec.wait_policy = proto::read_word(reader, "wait_policy", kWaitPolicies);
  spec.wait_timeout_ms = reader.integer("wait_timeout_ms", kCount);
  spec.slice_stride = reader.integer("slice_stride", kCountFromOne);
  if (reader.has("timeout_ms")) {
    spec.timeout_ms = reader.integer("timeout_ms", kCountFromOne);
  }
  spec.backlog_policy = proto::read_word(reader, "backlog_policy", kBacklogPolicies);
  spec.max_errors = reader.integer("max_errors", kCountFromOne);
  spec.dispatch = proto::read_word(reader, "dispatch", kDispatchModes);
  spec.fingerprint = read_hex(reader, "fingerprint");
  reader.finish();
  return spec;
}

void write_options(JsonWriter& json, const EngineOptions& options) {
  json.begin_object().key("epoch0").number(options.epoch0.us);
  json.key("skew_us").number(options.skew.us).key("slice_ms").number(options.slice_ms);
  json.key("lateness_ms").number(options.lateness_ms);
  json.key("clock").string(to_string(options.clock));
  json.key("late_policy").string(to_string(options.late_policy));
  json.key("future_tolerance_seconds").number(options.future_tolerance_seconds);
  json.key("ctx_max_bytes").number(options.ctx_max_bytes);
  json.key("backlog_max_batches").number(options.backlog_max_batches);
  json.key("context_keys").begin_array();
  for (const auto& [key, policy] : options.context_keys) {
    json.begin_object().key("key").string(key).key("policy").string(to_string(policy.policy));
    json.key("states").begin_array();
    for (const std::string& state : policy.states) {
      json.string(state);
    }
    json.end_array().end_object();
  }
  json.end_array().key("crews").begin_array();
  for (const CrewSpec& spec : options.crews) {
    write_crew_spec(json, spec);
  }
  json.end_array().end_object();
}

EngineOptions read_options(ObjectReader reader, const StreamId& stream) {
  EngineOptions options{.stream = stream};
  options.epoch0 = {reader.integer("epoch0", kAnyWireInt)};
  options.skew = {reader.integer("skew_us", kAnyWireInt)};
  options.slice_ms = reader.integer("slice_ms", {1, proto::kSliceMsMax});
  options.lateness_ms = reader.integer("lateness_ms", kCount);
  options.clock = proto::read_word(reader, "clock", kClocks);
  options.late_policy = proto::read_word(reader, "late_policy", kLatePolicies);
  options.future_tolerance_seconds = reader.integer("future_tolerance_seconds", kCount);
  options.ctx_max_bytes = reader.integer("ctx_max_bytes", kCount);
  options.backlog_max_batches = reader.integer("backlog_max_batches", kCountFromOne);
  read_each(reader, "context_keys", [&options](ObjectReader item) {
    proto::ContextKeyPolicy& policy = options.context_keys[item.text("key")];
    policy.policy = proto::read_word(item, "policy", kMergePolicies);
    policy.states = read_texts(item, "states");
    item.finish();
  });
  read_each(reader, "crews", [&options](ObjectReader item) {
    options.crews.push_back(read_crew_spec(std::move(item)));
  });
  reader.finish();
  return options;
}

void write_crew(JsonWriter& json, const CrewId& id, const engine::CrewCheckpoint& crew) {
  json.begin_object().key("crew").string(id.value).key("enabled").boolean(crew.enabled);
  json.key("disabled_why").string(valid_utf8(crew.disabled_why));
  json.key("disabled_by_strikes").boolean(crew.disabled_by == engine::DisabledBy::strikes);
  json.key("fingerprint").string(hex(crew.fingerprint)).key("strikes").number(crew.strikes);
  json.key("backlog");
  write_backlog(json, crew.backlog);
  if (crew.in_flight) {
    json.key("in_flight");
    write_reaction(json, *crew.in_flight);
  }
  json.key("last_event_ts").number(crew.last_event_ts.us);
  json.key("last_slice").number(crew.last_slice.value).key("attempts").number(crew.attempts);
  json.key("actions_sent").number(crew.actions_sent).end_object();
}

void read_crew(ObjectReader reader, const EngineOptions& options, engine::Checkpoint& state) {
  const CrewId id = reader.crew("crew");
  engine::CrewCheckpoint& crew = state.crews[id];
  crew.enabled = reader.any("enabled") == "true";
  crew.disabled_why = reader.text("disabled_why");
  const bool by_strikes = reader.any("disabled_by_strikes") == "true";
  crew.disabled_by = by_strikes ? engine::DisabledBy::strikes : engine::DisabledBy::order;
  crew.fingerprint = read_hex(reader, "fingerprint");
  crew.strikes = reader.integer("strikes", kCount);
  crew.backlog = read_backlog(reader.object("backlog"));
  if (reader.has("in_flight")) {
    crew.in_flight = read_reaction(reader.object("in_flight"), options, id);
  }
  crew.last_event_ts = {reader.integer("last_event_ts", kAnyWireInt)};
  crew.last_slice = {reader.integer("last_slice", kAnyWireInt)};
  crew.attempts = reader.integer("attempts", kCount);
  crew.actions_sent = reader.integer("actions_sent", kCount);
  reader.finish();
}

void write_state(JsonWriter& json, const engine::Checkpoint& state,
                 const std::vector<EventRun>& queued) {
  json.begin_object().key("slice").number(state.snapshot.slice.value);
  json.key("revision").number(state.snapshot.revision.value);
  json.key("event_seq").number(state.snapshot.event_seq.value);
  json.key("committed_lamport").number(state.snapshot.lamport.value).key("context");
  proto::write_context(json, state.snapshot.context);
  json.key("lamport").number(state.lamport.value).key("seen_seq").number(state.seen_seq.value);
  json.key("bins").begin_array();
  for (const auto& [slice, events] : state.bins) {
    json.begin_object().key("slice").number(slice.value).key("events").begin_array();
    for (const engine::BinnedEvent& binned : events) {
      write_event(json, binned);
    }
    json.end_array().end_object();
  }
  json.end_array().key("diffs").begin_array();
  for (const engine::PendingDiff& pending : state.diffs) {
    write_diff(json, pending);
  }
  json.end_array().key("completed");
  write_completions(json, state.history.crews);
  json.key("happened");
  write_completions(json, state.history.kinds);
  json.key("crews").begin_array();
  for (const auto& [id, crew] : state.crews) {
    write_crew(json, id, crew);
  }
  json.end_array().key("queued");
  write_sequences(json, queued);
  json.key("answers").begin_array();
  for (const engine::Answer& answer : state.answers) {
    write_answer(json, answer);
  }
  json.end_array().key("input_ended").boolean(state.input_ended);
  json.key("finished").boolean(state.finished).end_object();
}

void read_state(ObjectReader reader, CheckpointBody& body) {
  engine::Checkpoint& state = body.state;
  state.snapshot.stream = body.options.stream;
  state.snapshot.slice = {reader.integer("slice", kAnyWireInt)};
  state.snapshot.revision = {reader.integer("revision", kCount)};
  state.snapshot.event_seq = {reader.integer("event_seq", kAnyWireInt)};
  state.snapshot.lamport = {reader.integer("committed_lamport", kCount)};
  state.snapshot.context = proto::read_context(reader, "context");
  state.lamport = {reader.integer("lamport", kCount)};
  state.seen_seq = {reader.integer("seen_seq", kAnyWireInt)};
  read_each(reader, "bins", [&state](ObjectReader item) {
    auto& events = state.bins[{item.integer("slice", kAnyWireInt)}];
    read_each(item, "events",
              [&events](ObjectReader one) { events.push_back(read_event(std::move(one))); });
    item.finish();
  });
  read_each(reader, "diffs",
            [&state](ObjectReader item) { state.diffs.push_back(read_diff(std::move(item))); });
  state.history.crews = read_completions(reader, "completed");
  state.history.kinds = read_completions(reader, "happened");
  read_each(reader, "crews",
            [&body](ObjectReader item) { read_crew(std::move(item), body.options, body.state); });
  body.queued = read_sequences(reader, "queued");
  read_each(reader, "answers",
            [&state](ObjectReader item) { state.answers.push_back(read_answer(std::move(item))); });
  state.input_ended = reader.any("input_ended") == "true";
  state.finished = reader.any("finished") == "true";
  reader.finish();
}

void write_letter(JsonWriter& json, const Letter& letter) {
  json.begin_object().key("record").number(letter.record).key("to").string(to_string(letter.to));
  json.key("id").string(letter.msg_id).key("expires").number(letter.expires.us);
  json.key("message").raw(letter.data).end_object();
}

Letter read_letter(ObjectReader reader) {
  Letter letter;
  letter.record = reader.integer("record", kCount);
  letter.to = proto::read_word(reader, "to", kTos);
  letter.msg_id = reader.text("id");
  letter.expires = {reader.integer("expires", kAnyWireInt)};
  letter.data = reader.object_text("message");
  reader.finish();
  return letter;
}

}  // namespace

std::vector<EventRun> queued_runs(const engine::Checkpoint& state) {
  std::vector<EventRun> runs;
  for (const engine::EventArrived& event : state.queue) {
    if (runs.empty() || runs.back().last().value + 1 != event.seq.value) {
      runs.push_back({.first = event.seq, .at = {}});
    }
    runs.back().at.emplace_back();
  }
  return runs;
}

std::string write_state(const engine::Checkpoint& state, const std::vector<EventRun>& queued) {
  std::string out;
  JsonWriter json(out);
  write_state(json, state, queued);
  return out;
}

std::string write_checkpoint(const CheckpointBody& body) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("why").string(to_string(body.why)).key("by").begin_object();
  json.key("host").string(body.by.host).key("boot_id").string(body.by.boot_id);
  json.key("version").string(body.by.version).end_object();
  if (!body.loss.empty()) {
    json.key("loss").raw(body.loss);
  }
  json.key("strict_events").boolean(body.strict_events).key("options");
  write_options(json, body.options);
  json.key("state");
  write_state(json, body.state, queued_runs(body.state));
  json.key("letters").begin_array();
  for (const Letter& letter : body.letters) {
    write_letter(json, letter);
  }
  json.end_array().end_object();
  return out;
}

Result<CheckpointBody> parse_checkpoint(std::string_view text, const StreamId& stream) {
  auto split = split_json_object(text, kLimits);
  if (!split) {
    return fail(ErrorCode::corrupt, "checkpoint: " + split.error().message);
  }
  proto::Problems problems;
  ObjectReader reader(std::move(split->fields), {}, problems);
  CheckpointBody body;
  body.why = proto::read_word(reader, "why", kWhys);
  ObjectReader by = reader.object("by");
  body.by = {.host = by.text("host"), .boot_id = by.text("boot_id"), .version = by.text("version")};
  by.finish();
  if (reader.has("loss")) {
    body.loss = reader.object_text("loss");
  }
  body.strict_events = reader.any("strict_events") == "true";
  body.options = read_options(reader.object("options"), stream);
  read_state(reader.object("state"), body);
  read_each(reader, "letters",
            [&body](ObjectReader item) { body.letters.push_back(read_letter(std::move(item))); });
  reader.finish();
  if (!problems.empty()) {
    return fail(ErrorCode::corrupt, problems.error("checkpoint").error().message);
  }
  return body;
}

std::string_view to_string(CheckpointWhy why) {
  switch (why) {
    case CheckpointWhy::start:
      return "start";
    case CheckpointWhy::periodic:
      return "periodic";
    case CheckpointWhy::stop:
      return "stop";
    case CheckpointWhy::epoch:
      return "epoch";
  }
  return {};
}

}  // namespace lc::journal
