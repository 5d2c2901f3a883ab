// `ctx merge`: the merge of context diffs that a beat does, on its own.

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "common/diagnostic.h"
#include "common/json.h"
#include "proto/context.h"
#include "supervisor/cli/put.h"
#include "supervisor/cli/report.h"
#include "supervisor/cli/verb.h"
#include "supervisor/engine/merge.h"

namespace lc::cli {
namespace {

constexpr std::size_t kInputBytesMax = std::size_t{64} << 20;

struct MergeInput {
  proto::Context previous;
  std::vector<engine::PendingDiff> diffs;
  std::vector<std::string> errors;  // each with its path
};

std::int64_t read_number(MergeInput& input, const JsonObject& object, const std::string& path,
                         std::string_view key) {
  const Json* value = find(object, key);
  const auto number = value == nullptr ? std::nullopt : as_int(*value);
  if (!number) {
    input.errors.push_back(fmt::format("{}.{}: {}", path, key,
                                       value == nullptr ? "is missing" : "is not a whole number"));
  }
  return number.value_or(0);
}

void refuse_unknown(MergeInput& input, const JsonObject& object, const std::string& path,
                    std::span<const std::string_view> known) {
  for (const auto& [key, value] : object) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      const std::string_view meant = nearest(key, known);
      input.errors.push_back(
          fmt::format("{}{}: unknown key{}", path, key,
                      meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant)));
    }
  }
}

void read_diff(MergeInput& input, const Json& json, const std::string& path) {
  constexpr std::string_view kKeys[] = {"slice", "lamport", "crew", "set", "delete"};
  const JsonObject* object = as_object(json);
  if (object == nullptr) {
    input.errors.push_back(fmt::format("{}: must be an object, not {}", path, type_name(json)));
    return;
  }
  refuse_unknown(input, *object, path + ".", kKeys);
  engine::PendingDiff pending;
  pending.slice = {read_number(input, *object, path, "slice")};
  pending.lamport = {read_number(input, *object, path, "lamport")};
  const Json* name = find(*object, "crew");
  const std::string* text = name == nullptr ? nullptr : as_string(*name);
  const auto crew = text == nullptr
                        ? Result<CrewId>(fail(ErrorCode::invalid_input, "must be a crew's name"))
                        : parse_crew_id(*text);
  if (crew) {
    pending.crew = *crew;
  } else {
    input.errors.push_back(fmt::format("{}.crew: {}", path, crew.error().message));
  }
  const Json* set = find(*object, "set");
  const Json* removed = find(*object, "delete");
  auto diff = proto::parse_context_diff(
      write_json(JsonObject{{"set", set == nullptr ? Json(JsonObject{}) : *set},
                            {"delete", removed == nullptr ? Json(JsonArray{}) : *removed}}));
  if (diff) {
    pending.diff = *std::move(diff);
  } else {
    input.errors.push_back(fmt::format("{}: {}", path, diff.error().message));
  }
  input.diffs.push_back(std::move(pending));
}

MergeInput read_merge_input(std::string_view text) {
  constexpr std::string_view kKeys[] = {"previous", "diffs"};
  MergeInput input;
  const auto json = parse_json(text);
  const JsonObject* root = json ? as_object(*json) : nullptr;
  if (root == nullptr) {
    input.errors.push_back(json ? "must be a JSON object" : json.error().message);
    return input;
  }
  refuse_unknown(input, *root, "", kKeys);
  if (const Json* previous = find(*root, "previous")) {
    auto context = proto::parse_context(write_json(*previous));
    if (context) {
      input.previous = *std::move(context);
    } else {
      input.errors.push_back("previous: " + context.error().message);
    }
  }
  const Json* diffs = find(*root, "diffs");
  const JsonArray* array = diffs == nullptr ? nullptr : as_array(*diffs);
  if (diffs != nullptr && array == nullptr) {
    input.errors.push_back(fmt::format("diffs: must be an array, not {}", type_name(*diffs)));
  }
  for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
    read_diff(input, (*array)[i], fmt::format("diffs[{}]", i));
  }
  return input;
}

std::string write_result(const engine::MergeResult& merged) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("snapshot").raw(proto::write_context(merged.snapshot));
  json.key("size_before").number(merged.size_before);
  json.key("size_after").number(merged.size_after);
  json.key("dropped").begin_array();
  for (const engine::DroppedKey& dropped : merged.dropped) {
    json.begin_object().key("key").string(dropped.key);
    json.key("crew").string(dropped.crew.value).key("bytes").number(dropped.bytes).end_object();
  }
  json.end_array().key("conflicts").begin_array();
  for (const engine::Conflict& conflict : merged.conflicts) {
    json.begin_object().key("key").string(conflict.key);
    json.key("winner").string(conflict.winner.value).key("loser").string(conflict.loser.value);
    json.key("losing_value").raw(conflict.losing_value.empty() ? "null" : conflict.losing_value);
    json.end_object();
  }
  json.end_array().end_object();
  return out;
}

int run_merge(const Args& args, Io& io) {
  const std::string path = args.text("FILE");
  const auto text = read_input(path, kInputBytesMax, io);
  if (!text) {
    put(io.err, "live-crew: {}\n", text.error().message);
    return kExitNoInput;
  }
  MergeInput input = read_merge_input(*text);
  for (const std::string& error : input.errors) {
    put(io.err, "{}: error: {}\n", shown_name(path), error);
  }
  if (!input.errors.empty()) {
    return kExitBadData;
  }
  put(io.out, "{}\n",
      write_result(engine::merge(input.previous, std::move(input.diffs),
                                 {.bytes_max = args.number("max-bytes")})));
  return kExitOk;
}

}  // namespace

void register_ctx(Verbs& verbs) {
  verbs.push_back(
      {.name = "ctx merge",
       .summary = "Merge context diffs as a beat does",
       .details =
           "Reads one JSON object {\"previous\":{},\"diffs\":[{\"slice\":n,\"lamport\":n,"
           "\"crew\":\"c\",\"set\":{},\"delete\":[]}]}. The diffs are applied by slice, lamport "
           "and "
           "crew, whatever their order; the later writer of a key wins. Keys that do not fit into "
           "the size are dropped: keys of `previous` stay first, then new ones in byte order.\n"
           "Prints {snapshot, size_before, size_after, dropped, conflicts}; sizes in bytes of "
           "compact JSON; losing_value is null when the loser deleted the key.",
       .examples = {{"ctx merge < diffs.json", "prints the merged context"},
                    {"ctx merge --max-bytes 1024 diffs.json", "as if ctx_max_bytes were 1024"}},
       .options = {{.name = "FILE",
                    .help = "the object; - is standard input",
                    .fallback = "-",
                    .value_is = ValueIs::file},
                   {.name = "max-bytes",
                    .value = "N",
                    .help = "the size of the context in bytes",
                    .fallback = std::to_string(proto::kContextBytesMaxDefault),
                    .variable = "LIVE_CREW_CTX_MAX_BYTES",
                    .number = Range{2, 1'048'576}}},
       .run = run_merge});
}

}  // namespace lc::cli
