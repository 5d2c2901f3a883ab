#include "supervisor/journal/describe.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "common/json.h"
#include "common/text.h"
#include "proto/outcome.h"
#include "proto/parts.h"
#include "supervisor/journal/values.h"

namespace lc::journal {
namespace {

using namespace engine;
using proto::kAnyWireInt;
using proto::kCount;
using proto::ObjectReader;

constexpr std::size_t kWordsBytesMax = 200;  // of what somebody else worded
constexpr std::size_t kListedMax = 8;        // of one list

void add(std::string& words, std::string_view more) {
  words += words.empty() ? "" : "; ";
  words += more;
}

std::string reaction_words(const CrewId& crew, SliceIndex slice, Attempt attempt) {
  return fmt::format("{} {}/{}", crew.value, slice.value, attempt.value);
}

/// What was told.
struct InputWords {
  Described& out;

  void at(WallTime time) {
    if (time.us != 0) {
      out.at = time;
    }
  }
  void operator()(const EventRun& run) {
    if (run.at.empty()) {
      return;
    }
    at(run.at.back());
    add(out.words, run.at.size() == 1
                       ? fmt::format("event {}", run.first.value)
                       : fmt::format("events {}..{}", run.first.value, run.last().value));
  }
  void operator()(const EventArrived&) {}
  void operator()(const Tick& tick) { at(tick.now); }
  void operator()(const ReactionDone& done) {
    at(done.now);
    out.slices.insert(done.slice);
    add(out.words, reaction_words(done.crew, done.slice, done.attempt) + " ok");
    const std::size_t keys = done.diff.set.size() + done.diff.remove.size();
    if (keys > 0) {
      out.words += fmt::format(", writes {} key{}", keys, keys == 1 ? "" : "s");
    }
  }
  void operator()(const ReactionFailed& failed) {
    at(failed.now);
    out.slices.insert(failed.slice);
    add(out.words,
        fmt::format("{} {}: {}", reaction_words(failed.crew, failed.slice, failed.attempt),
                    proto::to_string(failed.outcome), shorten(failed.detail, kWordsBytesMax)));
  }
  void operator()(const ReactionLost& lost) {
    at(lost.now);
    out.slices.insert(lost.slice);
    add(out.words, fmt::format("{} lost: {}", reaction_words(lost.crew, lost.slice, lost.attempt),
                               shorten(lost.why, kWordsBytesMax)));
  }
  void operator()(const IdleFailure& failure) {
    at(failure.now);
    add(out.words,
        fmt::format("worker of {} at rest {}: {}", failure.crew.value,
                    proto::to_string(failure.outcome), shorten(failure.detail, kWordsBytesMax)));
  }
  void operator()(const EnableCrew& order) {
    at(order.now);
    add(out.words, "enable " + order.crew.value);
  }
  void operator()(const DisableCrew& order) {
    at(order.now);
    add(out.words,
        fmt::format("disable {}: {}", order.crew.value, shorten(order.why, kWordsBytesMax)));
  }
  void operator()(const InputEnded& ended) {
    at(ended.now);
    add(out.words, "no event follows");
  }
  void operator()(const Resumed& resumed) {
    at(resumed.now);
    add(out.words, "somebody else went on");
  }
};

std::vector<std::string> texts(const std::vector<std::string_view>& items) {
  std::vector<std::string> out;
  for (const std::string_view item : items) {
    out.push_back(json_string_value(item).value_or(""));
  }
  return out;
}

std::string listed(const std::vector<std::string>& all) {
  std::string words;
  for (std::size_t i = 0; i < std::min(all.size(), kListedMax); ++i) {
    words += (i == 0 ? "" : ", ") + all[i];
  }
  return all.size() > kListedMax ? fmt::format("{} and {} more", words, all.size() - kListedMax)
                                 : words;
}

void describe_slice(ObjectReader reader, Described& out) {
  const SliceIndex slice{reader.integer("slice", kAnyWireInt)};
  out.slices.insert(slice);
  std::string words =
      fmt::format("slice {} closed: {} events", slice.value, reader.integer("events", kCount));
  if (const auto ready = texts(reader.items("ready")); !ready.empty()) {
    words += ", ready " + listed(ready);
  }
  const auto waiting = json_members(reader.object_text("waiting"));
  for (const JsonField& crew : waiting ? *waiting : std::vector<JsonField>{}) {
    const auto unmet = json_items(crew.text);
    words +=
        fmt::format(", waiting {} ({})", crew.key, unmet ? listed(texts(*unmet)) : std::string());
  }
  reader.finish();
  add(out.words, words);
}

void describe_late(ObjectReader reader, Described& out) {
  const std::int64_t seq = reader.integer("seq", kCount);
  const SliceIndex slice{reader.integer("slice", kAnyWireInt)};
  out.slices.insert(slice);
  add(out.words, fmt::format("event {} late for slice {}, put into {}", seq,
                             reader.integer("orig_slice", kAnyWireInt), slice.value));
  reader.finish();
}

// `[["vision",84,1],...]`
void describe_dispatched(ObjectReader& reader, Described& out) {
  std::vector<std::string> all;
  for (const std::string_view item : reader.items("dispatched")) {
    const auto parts = json_items(item);
    if (!parts || parts->size() != 3) {
      reader.problem("dispatched", "holds something that is no crew, slice and attempt");
      return;
    }
    const SliceIndex slice{json_int_value((*parts)[1]).value_or(0)};
    out.slices.insert(slice);
    all.push_back(reaction_words({json_string_value((*parts)[0]).value_or("")}, slice,
                                 {json_int_value((*parts)[2]).value_or(0)}));
  }
  add(out.words, "dispatched " + listed(all));
}

void describe_did(ObjectReader reader, Described& out) {
  if (reader.has("slices")) {
    read_each(reader, "slices",
              [&out](ObjectReader item) { describe_slice(std::move(item), out); });
  }
  if (reader.has("late")) {
    read_each(reader, "late", [&out](ObjectReader item) { describe_late(std::move(item), out); });
  }
  if (reader.has("dispatched")) {
    describe_dispatched(reader, out);
  }
  if (reader.has("actions")) {
    const auto actions = texts(reader.items("actions"));
    add(out.words, fmt::format("{} action{}: {}", actions.size(), actions.size() == 1 ? "" : "s",
                               listed(actions)));
  }
  if (reader.has("errors")) {
    add(out.words, "errors " + listed(texts(reader.items("errors"))));
  }
  if (reader.has("ctx")) {
    ObjectReader context = reader.object("ctx");
    add(out.words, fmt::format("ctx rev {}", context.integer("rev", kCount)));
    context.text("hash");
    context.finish();
  }
  reader.finish();
}

void describe_checkpoint(const Record& record, Described& out) {
  if (record.parts > 1) {
    out.words = fmt::format("part {} of {}", record.part, record.parts);
    return;
  }
  proto::Problems ignored;  // a replay reads it; this is for people
  ObjectReader body = ObjectReader::inside(record.piece, {}, ignored);
  out.words = body.text("why");
  ObjectReader by = body.object("by");
  if (const std::string host = by.text("host"); !host.empty()) {
    out.words += fmt::format(" by {} ({})", host, by.text("version"));
  }
  ObjectReader state = body.object("state");
  out.words += fmt::format("; slice {} open; ctx rev {}", state.integer("slice", kAnyWireInt),
                           state.integer("revision", kCount));
  if (body.has("loss")) {
    add(out.words, fmt::format("loss {}", shorten(body.object_text("loss"), kWordsBytesMax)));
  }
}

}  // namespace

Result<Described> describe(const Record& record, std::string_view text) {
  Described out{.n = record.n, .kind = record.kind, .at = {}, .words = {}, .slices = {}};
  if (record.kind == RecordKind::checkpoint) {
    describe_checkpoint(record, out);
    return out;
  }
  InputWords words{out};
  for (const RecordedInput& input : record.inputs) {
    if (const auto* run = std::get_if<EventRun>(&input.what)) {
      words(*run);
    } else {
      std::visit(words, std::get<Input>(input.what));
    }
  }
  LC_TRY(auto split, split_json_object(text, kRecordLimits));
  proto::Problems problems;
  ObjectReader reader(std::move(split.fields), {}, problems);
  describe_did(reader.object("did"), out);
  if (!problems.empty()) {
    return fail(ErrorCode::corrupt, problems.error("record").error().message);
  }
  return out;
}

std::string line_of(const Described& described) {
  const std::string at = described.at ? format_rfc3339(*described.at) : "-";
  return fmt::format("{} {:<10} {} {}", described.n, to_string(described.kind), at,
                     valid_utf8(described.words));
}

}  // namespace lc::journal
