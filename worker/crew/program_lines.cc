#include "worker/crew/program_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "common/diagnostic.h"
#include "common/json.h"

namespace lc::worker {
namespace {

constexpr std::array<std::string_view, 8> kLineKeys = {"actions", "diff",     "error", "failed",
                                                       "log",     "progress", "ready", "usage"};

std::unexpected<Error> bad(std::string message) {
  return fail(ErrorCode::invalid_input, std::move(message));
}

Status check_keys(const JsonObject& object, std::string_view where,
                  std::span<const std::string_view> known) {
  for (const auto& [key, value] : object) {
    if (std::find(known.begin(), known.end(), key) != known.end()) {
      continue;
    }
    const std::string_view near = nearest(key, known);
    return bad(near.empty()
                   ? fmt::format("{}: unknown key '{}'", where, key)
                   : fmt::format("{}: unknown key '{}' (did you mean '{}'?)", where, key, near));
  }
  return {};
}

void write_actions(JsonWriter& writer, const std::vector<proto::ActionDraft>& actions) {
  writer.begin_array();
  for (const proto::ActionDraft& action : actions) {
    writer.begin_object().key("kind").string(action.kind.value);
    writer.key("payload").raw(action.payload);
    writer.key("ttl_ms").number(action.ttl_ms).end_object();
  }
  writer.end_array();
}

Result<proto::ActionDraft> read_action(const Json& json, std::size_t index) {
  static constexpr std::array<std::string_view, 3> kKeys = {"kind", "payload", "ttl_ms"};
  const std::string where = fmt::format("actions[{}]", index);
  const JsonObject* object = as_object(json);
  if (object == nullptr) {
    return bad(fmt::format("{} is {}, not an object", where, type_name(json)));
  }
  LC_TRY_STATUS(check_keys(*object, where, kKeys));
  const Json* kind = find(*object, "kind");
  if (kind == nullptr || as_string(*kind) == nullptr) {
    return bad(fmt::format("{}.kind is missing or not a string", where));
  }
  auto parsed = parse_kind(*as_string(*kind));
  if (!parsed) {
    return within(where + ".kind", parsed.error());
  }
  const Json* payload = find(*object, "payload");
  if (payload == nullptr) {
    return bad(fmt::format("{}.payload is missing", where));
  }
  proto::ActionDraft action{.kind = *parsed, .payload = write_canonical_json(*payload)};
  if (const Json* ttl = find(*object, "ttl_ms"); ttl != nullptr && !is_null(*ttl)) {
    const auto ms = as_int(*ttl);
    if (!ms || *ms < 1 || *ms > proto::kActionTtlMsMax) {
      return bad(fmt::format("{}.ttl_ms is {}, not a whole number of 1..{}", where,
                             write_json(*ttl), proto::kActionTtlMsMax));
    }
    action.ttl_ms = *ms;
  }
  return action;
}

Status read_actions(const Json& json, Answer& answer) {
  const JsonArray* list = as_array(json);
  if (list == nullptr) {
    return bad(fmt::format("actions is {}, not a list", type_name(json)));
  }
  if (list->size() > proto::kActionsPerDoneMax) {
    return bad(fmt::format("{} actions in one answer, {} are allowed", list->size(),
                           proto::kActionsPerDoneMax));
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    LC_TRY(proto::ActionDraft action, read_action((*list)[i], i));
    answer.actions.push_back(std::move(action));
  }
  return {};
}

Status read_diff(const Json& json, Answer& answer) {
  static constexpr std::array<std::string_view, 2> kKeys = {"set", "delete"};
  const JsonObject* object = as_object(json);
  if (object == nullptr) {
    return bad(fmt::format("diff is {}, not an object", type_name(json)));
  }
  LC_TRY_STATUS(check_keys(*object, "diff", kKeys));
  const Json* set = find(*object, "set");
  const Json* remove = find(*object, "delete");
  JsonObject whole;
  whole.emplace_back("set", set != nullptr ? *set : Json(JsonObject{}));
  whole.emplace_back("delete", remove != nullptr ? *remove : Json(JsonArray{}));
  auto diff = proto::parse_context_diff(write_json(Json(std::move(whole))));
  if (!diff) {
    return within("diff", diff.error());
  }
  answer.diff = std::move(*diff);
  return {};
}

Result<ProgramLine> read_answer(const JsonObject& object) {
  static constexpr std::array<std::string_view, 4> kKeys = {"actions", "diff", "error", "usage"};
  LC_TRY_STATUS(check_keys(object, "answer", kKeys));
  Answer answer;
  if (const Json* usage = find(object, "usage"); usage != nullptr) {
    if (as_object(*usage) == nullptr) {
      return bad(fmt::format("usage is {}, not an object", type_name(*usage)));
    }
    answer.usage = write_canonical_json(*usage);
  }
  if (const Json* error = find(object, "error"); error != nullptr && !is_null(*error)) {
    if (as_string(*error) == nullptr) {
      return bad(fmt::format("error is {}, not a string", type_name(*error)));
    }
    Answer failed = error_answer(*as_string(*error));
    failed.usage = std::move(answer.usage);
    return ProgramLine(std::move(failed));
  }
  if (const Json* diff = find(object, "diff"); diff != nullptr) {
    LC_TRY_STATUS(read_diff(*diff, answer));
  }
  if (const Json* actions = find(object, "actions"); actions != nullptr) {
    LC_TRY_STATUS(read_actions(*actions, answer));
  }
  return ProgramLine(std::move(answer));
}

Result<ProgramLine> read_log(const Json& json) {
  const JsonObject* object = as_object(json);
  const Json* message = object != nullptr ? find(*object, "msg") : nullptr;
  if (message == nullptr || as_string(*message) == nullptr) {
    return bad("log is not an object with a string 'msg'");
  }
  const Json* level = find(*object, "level");
  const bool named = level != nullptr && as_string(*level) != nullptr;
  return ProgramLine(
      ProgramLog{.level = named ? *as_string(*level) : "info", .message = *as_string(*message)});
}

}  // namespace

std::string write_program_request(const proto::Ready& ready) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object().key("v").number(proto::kWireVersion);
  writer.key("stream").string(ready.stream.value).key("slice").number(ready.slice.value);
  writer.key("crew").string(ready.crew.value).key("attempt").number(ready.attempt.value);
  writer.key("epoch0").string(format_rfc3339(ready.epoch0));
  writer.key("slice_ms").number(ready.slice_ms).key("deadline_ms");
  ready.deadline_ms ? writer.number(*ready.deadline_ms) : writer.null();
  writer.key("ctx").raw(proto::write_context(ready.ctx));
  writer.key("ctx_rev").number(ready.ctx_rev.value).key("events").begin_array();
  for (const proto::BatchEvent& event : ready.events) {
    writer.begin_object().key("seq").number(event.seq.value);
    writer.key("slice").number(event.slice.value);
    if (event.orig_slice) {
      writer.key("orig_slice").number(event.orig_slice->value);
    }
    writer.key("event").raw(event.text).end_object();
  }
  writer.end_array().key("needs").begin_object();
  for (const auto& [crew, need] : ready.needs) {
    writer.key(crew).begin_object().key("slice").number(need.slice.value).key("actions");
    write_actions(writer, need.actions);
    writer.end_object();
  }
  writer.end_object().key("missing").begin_array();
  for (const std::string& label : ready.missing) {
    writer.string(label);
  }
  writer.end_array().end_object();
  return out;
}

Result<ProgramLine> parse_program_line(std::string_view line) {
  auto json = parse_json(line, {.bytes_max = kProgramLineBytesMax});
  if (!json) {
    return within("not a JSON line", json.error());
  }
  const JsonObject* object = as_object(*json);
  if (object == nullptr) {
    return bad(fmt::format("the line is {}, not an object", type_name(*json)));
  }
  LC_TRY_STATUS(check_keys(*object, "line", kLineKeys));
  if (find(*object, "ready") != nullptr && object->size() == 1) {
    return ProgramLine(ProgramReady{});
  }
  if (const Json* failed = find(*object, "failed"); failed != nullptr && object->size() == 1) {
    return ProgramLine(
        ProgramFailed{as_string(*failed) != nullptr ? *as_string(*failed) : write_json(*failed)});
  }
  if (const Json* log = find(*object, "log"); log != nullptr && object->size() == 1) {
    return read_log(*log);
  }
  if (const Json* progress = find(*object, "progress");
      progress != nullptr && object->size() == 1) {
    return ProgramLine(ProgramProgress{write_json(*progress)});
  }
  return read_answer(*object);
}

}  // namespace lc::worker
