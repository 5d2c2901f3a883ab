#pragma once

#include <map>
#include <string>
#include <vector>

#include "proto/cassette.h"
#include "worker/llm/model.h"

namespace lc::worker {

/// Answers from a cassette, as the model answered when it was recorded, and asks nobody.
///
/// What it answers depends on the crew, the request, the reaction, and how often this reaction has
/// asked the same before; never on other reactions. So it makes no difference in which order they
/// come, or whether the worker was started again. worker/llm/README.md has the rules.
class CassetteModel : public ModelClient {
 public:
  /// `path` names the cassette in errors; of `entries`, those of `crew` count.
  CassetteModel(std::string path, std::vector<proto::CassetteEntry> entries, CrewId crew);

  void begin(SliceIndex slice, Attempt attempt) override;

  /// Errors: those that were recorded; not_found - the request is not on the cassette.
  Result<ChatAnswer> complete(const ChatRequest& request, Micros budget) override;

 private:
  using Takes = std::vector<Result<proto::ModelAnswer>>;  // in the order asked
  using Takings = std::map<SliceIndex, std::map<Attempt, Takes>>;

  std::unexpected<Error> missing(const std::string& request) const;

  std::string path_;
  CrewId crew_;
  std::map<std::string, Takings> recorded_;      // by request
  std::map<SliceIndex, std::int64_t> left_out_;  // calls that the recording does not have
  SliceIndex slice_;
  Attempt attempt_;
  std::map<std::string, std::size_t> asked_;  // by request, in this reaction
};

}  // namespace lc::worker
