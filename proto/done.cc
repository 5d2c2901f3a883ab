#include <fmt/format.h>

#include <algorithm>

#include "common/json.h"
#include "proto/parts.h"
#include "proto/reader.h"
#include "proto/slice.h"

namespace lc::proto {
namespace {

DoneStatus read_status(ObjectReader& reader) {
  if (!reader.has("status")) {
    reader.problem("status", "is missing");
    return DoneStatus::error;
  }
  const std::string_view json = reader.any("status");
  const auto word = json_string_value(json);
  if (!word || (*word != "ok" && *word != "error")) {
    reader.problem("status", fmt::format("is {}; it must be \"ok\" or \"error\"", describe(json)));
  }
  return word && *word == "ok" ? DoneStatus::ok : DoneStatus::error;
}

bool is_nonce_char(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

// The field's value, or null when there is none.
const JsonField* find_field(const JsonFields& object, std::string_view name) {
  const auto it = std::ranges::find(object.fields, name, &JsonField::key);
  return it == object.fields.end() ? nullptr : &*it;
}

}  // namespace

std::string read_nonce(ObjectReader& reader) {
  std::string nonce = reader.text("nonce", {.min = 1, .max = kNonceCharsMax});
  if (!std::ranges::all_of(nonce, is_nonce_char)) {
    reader.problem("nonce", fmt::format("is \"{}\"; it must match [A-Za-z0-9_-]{{1,{}}}",
                                        shorten(nonce), kNonceCharsMax));
  }
  return nonce;
}

Result<Done> parse_done(std::string_view text) {
  if (text.size() > kDoneBytesMax) {
    return fail(ErrorCode::overloaded, fmt::format("done: has {} bytes, at most {} are accepted",
                                                   text.size(), kDoneBytesMax));
  }
  auto split = split_json_object(text);
  if (!split) {
    return within("done", split.error());
  }
  Problems problems;
  ObjectReader reader(std::move(split->fields), {}, problems);
  Done done;
  reader.version();
  done.stream = reader.stream("stream");
  done.slice = {reader.integer("slice", kAnyWireInt)};
  done.crew = reader.crew("crew");
  done.attempt = {reader.integer("attempt", kCountFromOne)};
  done.nonce = read_nonce(reader);
  done.status = read_status(reader);
  if (reader.has("diff")) {
    done.diff = read_context_diff(reader.object("diff"));
  }
  if (reader.has("actions")) {
    done.actions = read_action_drafts(reader, "actions");
    if (done.actions.size() > kActionsPerDoneMax) {
      reader.problem("actions", fmt::format("has {} actions, at most {} are accepted",
                                            done.actions.size(), kActionsPerDoneMax));
    }
  }
  if (reader.has("usage")) {
    done.usage = reader.object_text("usage");
  }
  if (reader.has("error")) {
    done.error = reader.text("error");
  }
  if (reader.has("t_ms")) {
    done.t_ms = reader.integer("t_ms", kCount);
  }
  done.lamport = {reader.integer("lamport", kCount)};
  done.model_calls = read_model_calls(reader);
  reader.finish();
  if (!problems.empty()) {
    return problems.error("done");
  }
  return done;
}

std::string write_done(const Done& done) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object().key("v").number(kWireVersion);
  writer.key("stream").string(done.stream.value);
  writer.key("slice").number(done.slice.value);
  writer.key("crew").string(done.crew.value);
  writer.key("attempt").number(done.attempt.value);
  writer.key("nonce").string(done.nonce);
  writer.key("status").string(done.status == DoneStatus::ok ? "ok" : "error");
  writer.key("diff");
  write_context_diff(writer, done.diff);
  writer.key("actions");
  write_action_drafts(writer, done.actions);
  writer.key("usage").raw(done.usage);
  writer.key("error").string(valid_utf8(done.error));
  writer.key("t_ms").number(done.t_ms);
  writer.key("lamport").number(done.lamport.value);
  if (!done.model_calls.calls.empty()) {
    writer.key("model_calls");
    write_model_calls(writer, done.model_calls.calls);
  }
  if (done.model_calls.dropped > 0) {
    writer.key("model_calls_dropped").number(done.model_calls.dropped);
  }
  writer.end_object();
  return out;
}

DoneClaim claim_of_done(std::string_view text) {
  DoneClaim claim;
  const auto split = split_json_object(text);
  if (!split) {
    return claim;
  }
  if (const JsonField* field = find_field(*split, "slice")) {
    if (const auto slice = json_int_value(field->text)) {
      claim.slice = SliceIndex{*slice};
    }
  }
  if (const JsonField* field = find_field(*split, "crew")) {
    if (const auto name = json_string_value(field->text)) {
      if (auto crew = parse_crew_id(*name)) {
        claim.crew = std::move(*crew);
      }
    }
  }
  if (const JsonField* field = find_field(*split, "attempt")) {
    if (const auto attempt = json_int_value(field->text)) {
      claim.attempt = Attempt{*attempt};
    }
  }
  if (const JsonField* field = find_field(*split, "nonce")) {
    claim.nonce = json_string_value(field->text).value_or("");
  }
  return claim;
}

}  // namespace lc::proto
