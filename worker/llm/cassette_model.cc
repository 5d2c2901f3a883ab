#include "worker/llm/cassette_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "worker/llm/request_hash.h"

namespace lc::worker {
namespace {

// The entry for `key`, else the last one before it, else the first one. There is one.
template <class Map>
auto nearest_entry(const Map& entries, const typename Map::key_type& key) {
  const auto after = entries.upper_bound(key);
  return after == entries.begin() ? after : std::prev(after);
}

}  // namespace

CassetteModel::CassetteModel(std::string path, std::vector<proto::CassetteEntry> entries,
                             CrewId crew)
    : path_(std::move(path)), crew_(std::move(crew)) {
  for (proto::CassetteEntry& entry : entries) {
    if (entry.crew != crew_) {
      continue;
    }
    for (proto::ModelCall& call : entry.model_calls.calls) {
      recorded_[call.request][entry.slice][entry.attempt].push_back(std::move(call.answer));
    }
    if (entry.model_calls.dropped > 0) {
      left_out_[entry.slice] += entry.model_calls.dropped;
    }
  }
}

void CassetteModel::begin(SliceIndex slice, Attempt attempt) {
  slice_ = slice;
  attempt_ = attempt;
  asked_.clear();
}

Result<ChatAnswer> CassetteModel::complete(const ChatRequest& request, Micros) {
  const std::string hash = request_hash(request);
  const std::size_t before = asked_[hash]++;
  const auto found = recorded_.find(hash);
  if (found == recorded_.end()) {
    return missing(hash);
  }
  const auto slice = nearest_entry(found->second, slice_);
  const Takes& takes = nearest_entry(slice->second, attempt_)->second;
  const bool is_recorded = slice->first == slice_ && before < takes.size();
  if (!is_recorded && left_out_.contains(slice_)) {
    return missing(hash);  // its own answer was left out: another one would be a guess
  }
  const auto& take = takes[std::min(before, takes.size() - 1)];
  if (!take) {
    return std::unexpected(take.error());
  }
  return ChatAnswer{.text = take->text, .usage = take->usage};
}

std::unexpected<Error> CassetteModel::missing(const std::string& request) const {
  const auto left_out = left_out_.find(slice_);
  const std::string why =
      left_out == left_out_.end()
          ? "the crew, its context or its events are not those of the recording"
          : fmt::format("the recording left out {} calls of this slice, which were over its limit",
                        left_out->second);
  return fail(ErrorCode::not_found,
              fmt::format("cassette {}: crew '{}' asks in slice {} what is not on it (request {}): "
                          "{}; record the run again, or rerun it with --model live",
                          path_, crew_.value, slice_.value, request, why));
}

}  // namespace lc::worker
