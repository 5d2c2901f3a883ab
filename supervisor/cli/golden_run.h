#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "common/private_nats.h"
#include "proto/config.h"
#include "supervisor/cli/golden_case.h"
#include "supervisor/worker_spec.h"

namespace lc::cli {

/// What all cases run with.
struct GoldenHost {
  proto::LiveConfig config;
  std::string worker_binary;
  supervisor::Environment environment;
};

/// Where models' answers come from: the case's cassette, or the models, whose answers become one.
enum class Models { cassette, asked };

/// What a case did.
struct GoldenResult {
  rerun::RunLines lines;
  std::vector<proto::CassetteEntry> model_calls;
};

/// Runs a case with real workers: the first event's time is where slice 0 begins.
///
/// Errors: unavailable, denied - as play_on_stage; invalid_input - a model that was asked to be
/// recorded gave no answer.
Result<GoldenResult> run_case(const GoldenCase& golden, Models models, const GoldenHost& host,
                              const PrivateNats& server);

}  // namespace lc::cli
