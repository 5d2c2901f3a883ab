#include "supervisor/journal/inputs.h"

#include <algorithm>
#include <utility>

#include "common/check.h"
#include "proto/parts.h"
#include "supervisor/journal/values.h"

namespace lc::journal {
namespace {

using namespace engine;
using proto::kAnyWireInt;
using proto::kCount;
using proto::kCountFromOne;
using proto::ObjectReader;

constexpr std::int64_t kRunMax = 1'000'000;  // events named by one entry

void begin(JsonWriter& json, std::string_view kind, const CrewId& crew, WallTime at) {
  json.begin_object().key(kind).begin_object();
  json.key("crew").string(crew.value).key("at").number(at.us);
}

void write_reaction_id(JsonWriter& json, SliceIndex slice, Attempt attempt) {
  json.key("slice").number(slice.value).key("attempt").number(attempt.value);
}

template <class Failure>
void write_failure(JsonWriter& json, const Failure& failure) {
  json.key("outcome").string(proto::to_string(failure.outcome));
  json.key("detail").string(valid_utf8(failure.detail));
  if (!failure.excuse.empty()) {
    json.key("excuse").string(failure.excuse);
  }
  if (!failure.worker.empty()) {
    json.key("worker").raw(failure.worker);
  }
}

template <class Failure>
void read_failure(ObjectReader& reader, Failure& failure) {
  failure.outcome = proto::read_word(reader, "outcome", proto::kOutcomes);
  failure.detail = reader.text("detail");
  if (reader.has("excuse")) {
    failure.excuse = reader.text("excuse");
  }
  if (reader.has("worker")) {
    failure.worker = reader.object_text("worker");
  }
}

WallTime read_at(ObjectReader& reader) {
  return {reader.integer("at", kAnyWireInt)};
}

void write_one(JsonWriter& json, const ReactionDone& done, std::string_view note) {
  begin(json, "done", done.crew, done.now);
  write_reaction_id(json, done.slice, done.attempt);
  json.key("lamport").number(done.lamport.value).key("diff");
  proto::write_context_diff(json, done.diff);
  json.key("actions");
  proto::write_action_drafts(json, done.actions);
  if (!note.empty()) {
    json.key("note").raw(note);
  }
  json.end_object().end_object();
}

void write_one(JsonWriter& json, const ReactionFailed& failed, std::string_view note) {
  begin(json, "failed", failed.crew, failed.now);
  write_reaction_id(json, failed.slice, failed.attempt);
  write_failure(json, failed);
  if (!note.empty()) {
    json.key("note").raw(note);
  }
  json.end_object().end_object();
}

void write_one(JsonWriter& json, const ReactionLost& lost, std::string_view) {
  begin(json, "lost", lost.crew, lost.now);
  write_reaction_id(json, lost.slice, lost.attempt);
  json.key("why").string(valid_utf8(lost.why)).end_object().end_object();
}

void write_one(JsonWriter& json, const IdleFailure& failure, std::string_view) {
  begin(json, "idle", failure.crew, failure.now);
  write_failure(json, failure);
  json.key("phase").string(failure.phase == WorkerPhase::starting ? "starting" : "resting");
  json.key("is_reported").boolean(failure.is_reported).end_object().end_object();
}

void write_one(JsonWriter& json, const EnableCrew& order, std::string_view) {
  begin(json, "enable", order.crew, order.now);
  json.end_object().end_object();
}

void write_one(JsonWriter& json, const DisableCrew& order, std::string_view) {
  begin(json, "disable", order.crew, order.now);
  json.key("why").string(order.why).end_object().end_object();
}

void write_one(JsonWriter& json, const Tick& tick, std::string_view) {
  json.begin_object().key("tick").number(tick.now.us).end_object();
}

void write_one(JsonWriter& json, const InputEnded& ended, std::string_view) {
  json.begin_object().key("end").number(ended.now.us).end_object();
}

void write_one(JsonWriter& json, const Resumed& resumed, std::string_view) {
  json.begin_object().key("resume").number(resumed.now.us).end_object();
}

void write_one(JsonWriter&, const EventArrived&, std::string_view) {
  LC_ASSERT(false && "events stand as runs");
}

// The first time, then how much later each one came than the one before.
void write_run(JsonWriter& json, const EventRun& run) {
  json.begin_object().key("events").begin_array().number(run.first.value);
  json.number(static_cast<std::int64_t>(run.at.size())).end_array();
  if (std::ranges::all_of(run.at, [](WallTime at) { return at.us == 0; })) {
    json.end_object();
    return;
  }
  json.key("at").begin_array();
  std::int64_t before = 0;
  for (const WallTime at : run.at) {
    json.number(at.us - before);
    before = at.us;
  }
  json.end_array().end_object();
}

EventRun read_span(std::string_view item, ObjectReader& reader, std::string_view name) {
  EventRun run;
  const auto pair = json_items(item);
  const bool is_pair = pair && pair->size() == 2;
  const auto first = is_pair ? json_int_value((*pair)[0]) : fail(ErrorCode::invalid_input, "");
  const auto count = is_pair ? json_int_value((*pair)[1]) : fail(ErrorCode::invalid_input, "");
  if (!first || !count || *first < 1 || *count < 1 || *count > kRunMax) {
    reader.problem(name, "is no first sequence and count");
    return run;
  }
  run.first = {*first};
  run.at.resize(static_cast<std::size_t>(*count));
  return run;
}

EventRun read_run(ObjectReader& reader) {
  EventRun run = read_span(reader.any("events"), reader, "events");
  if (!reader.has("at")) {
    return run;
  }
  const std::vector<std::string_view> times = reader.items("at");
  if (times.size() != run.at.size()) {
    reader.problem("at", "has another number of times than there are events");
    return run;
  }
  std::int64_t at = 0;
  for (std::size_t i = 0; i < times.size(); ++i) {
    at += json_int_value(times[i]).value_or(0);
    run.at[i] = {at};
  }
  return run;
}

template <class OfReaction>
void read_reaction_id(ObjectReader& reader, OfReaction& input) {
  input.crew = reader.crew("crew");
  input.now = read_at(reader);
  input.slice = {reader.integer("slice", kAnyWireInt)};
  input.attempt = {reader.integer("attempt", kCountFromOne)};
}

ReactionDone read_done(ObjectReader reader, std::string& note) {
  ReactionDone done;
  read_reaction_id(reader, done);
  done.lamport = {reader.integer("lamport", {})};  // a worker may say what it likes
  done.diff = proto::read_context_diff(reader.object("diff"));
  done.actions = proto::read_action_drafts(reader, "actions");
  if (reader.has("note")) {
    note = reader.object_text("note");
  }
  reader.finish();
  return done;
}

ReactionFailed read_failed(ObjectReader reader, std::string& note) {
  ReactionFailed failed;
  read_reaction_id(reader, failed);
  read_failure(reader, failed);
  if (reader.has("note")) {
    note = reader.object_text("note");
  }
  reader.finish();
  return failed;
}

ReactionLost read_lost(ObjectReader reader) {
  ReactionLost lost;
  read_reaction_id(reader, lost);
  lost.why = reader.text("why");
  reader.finish();
  return lost;
}

IdleFailure read_idle(ObjectReader reader) {
  IdleFailure failure;
  failure.crew = reader.crew("crew");
  failure.now = read_at(reader);
  read_failure(reader, failure);
  const bool starting = reader.text("phase") == "starting";
  failure.phase = starting ? WorkerPhase::starting : WorkerPhase::resting;
  failure.is_reported = reader.any("is_reported") == "true";
  reader.finish();
  return failure;
}

EnableCrew read_enable(ObjectReader reader) {
  EnableCrew order;
  order.crew = reader.crew("crew");
  order.now = read_at(reader);
  reader.finish();
  return order;
}

DisableCrew read_disable(ObjectReader reader) {
  DisableCrew order;
  order.crew = reader.crew("crew");
  order.now = read_at(reader);
  order.why = reader.text("why");
  reader.finish();
  return order;
}

}  // namespace

void write_input(JsonWriter& json, const RecordedInput& input) {
  if (const auto* run = std::get_if<EventRun>(&input.what)) {
    write_run(json, *run);
    return;
  }
  std::visit([&json, &input](const auto& one) { write_one(json, one, input.note); },
             std::get<Input>(input.what));
}

RecordedInput read_input(ObjectReader reader) {
  RecordedInput input{.what = Input(Tick{}), .note = {}};
  if (reader.has("events")) {
    input.what = read_run(reader);
  } else if (reader.has("tick")) {
    input.what = Input(Tick{{reader.integer("tick", kAnyWireInt)}});
  } else if (reader.has("done")) {
    input.what = Input(read_done(reader.object("done"), input.note));
  } else if (reader.has("failed")) {
    input.what = Input(read_failed(reader.object("failed"), input.note));
  } else if (reader.has("lost")) {
    input.what = Input(read_lost(reader.object("lost")));
  } else if (reader.has("idle")) {
    input.what = Input(read_idle(reader.object("idle")));
  } else if (reader.has("enable")) {
    input.what = Input(read_enable(reader.object("enable")));
  } else if (reader.has("disable")) {
    input.what = Input(read_disable(reader.object("disable")));
  } else if (reader.has("end")) {
    input.what = Input(InputEnded{{reader.integer("end", kAnyWireInt)}});
  } else if (reader.has("resume")) {
    input.what = Input(Resumed{{reader.integer("resume", kAnyWireInt)}});
  } else {
    reader.problem("in", "holds no input that is known here");
  }
  reader.finish();
  return input;
}

void write_sequences(JsonWriter& json, const std::vector<EventRun>& runs) {
  json.begin_array();
  for (const EventRun& run : runs) {
    json.begin_array().number(run.first.value);
    json.number(static_cast<std::int64_t>(run.at.size())).end_array();
  }
  json.end_array();
}

std::vector<EventRun> read_sequences(ObjectReader& reader, std::string_view name) {
  std::vector<EventRun> runs;
  for (const std::string_view item : reader.items(name)) {
    runs.push_back(read_span(item, reader, name));
  }
  return runs;
}

void write_answer(JsonWriter& json, const Answer& answer) {
  std::visit([&json](const auto& one) { write_one(json, one, {}); }, answer);
}

Answer read_answer(ObjectReader reader) {
  Answer answer;
  std::string note;  // answers that wait have none
  if (reader.has("failed")) {
    answer = read_failed(reader.object("failed"), note);
  } else if (reader.has("idle")) {
    answer = read_idle(reader.object("idle"));
  } else {
    answer = read_done(reader.object("done"), note);
  }
  reader.finish();
  return answer;
}

}  // namespace lc::journal
