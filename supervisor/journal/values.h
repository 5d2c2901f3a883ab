#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/json.h"
#include "common/sha256.h"
#include "common/text.h"
#include "proto/manifest.h"
#include "proto/reader.h"
#include "supervisor/engine/checkpoint.h"
#include "supervisor/engine/engine.h"

// The engine's values as JSON, as records hold them. Times are integer microseconds since 1970.
// What is written reads back as an equal value.
namespace lc::journal {

/// 64 lower-case hexadecimal digits.
Sha256 read_digest(proto::ObjectReader& reader, std::string_view name);

void write_event(JsonWriter& json, const engine::BinnedEvent& binned);
engine::BinnedEvent read_event(proto::ObjectReader reader);

void write_events(JsonWriter& json, const std::vector<proto::BatchEvent>& events);
std::vector<proto::BatchEvent> read_events(proto::ObjectReader& reader, std::string_view name);

void write_diff(JsonWriter& json, const engine::PendingDiff& pending);
engine::PendingDiff read_diff(proto::ObjectReader reader);

void write_reaction(JsonWriter& json, const engine::Reaction& reaction);
/// Stream, crew, epoch0 and the length of slices are those of the whole checkpoint.
engine::Reaction read_reaction(proto::ObjectReader reader, const engine::EngineOptions& options,
                               const CrewId& crew);

void write_backlog(JsonWriter& json, const engine::BacklogContents& backlog);
engine::BacklogContents read_backlog(proto::ObjectReader reader);

/// What happened in which slice, of each name.
using Completions = std::map<std::string, engine::HistoryContents::Completions>;
void write_completions(JsonWriter& json, const Completions& completions);
Completions read_completions(proto::ObjectReader& reader, std::string_view name);

}  // namespace lc::journal
