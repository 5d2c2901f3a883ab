#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/ids.h"
#include "common/result.h"

namespace lc::worker {

/// What `lcworker debug` is to run once more, and how.
struct DebugOptions {
  enum class Debugger { none, gdb, pdb };
  enum class Model { recorded, live };
  enum class Output { text, json };

  CrewId crew;
  SliceIndex slice;
  std::optional<Attempt> attempt;  // the last one
  std::string stream;              // empty: the variable STREAM, or the journal's
  std::string journal;             // a recording; empty: the stream's own
  std::string nats;                // empty: the variable, or the default
  std::string patience;            // seconds for the connection; empty: the default
  std::string crews;               // the folder; empty: the variable, or `crews`
  std::string config;   // live-config.yaml for a model that is asked; empty: the variable
  std::string llm_url;  // empty: of the configuration or the environment
  Debugger debugger = Debugger::none;
  Model model = Model::recorded;
  Output output = Output::text;

  bool operator==(const DebugOptions&) const = default;
};

/// The words behind `lcworker debug`.
///
/// Errors: invalid_input - names the wrong word and what is accepted.
Result<DebugOptions> parse_debug_options(std::span<const char* const> words);

}  // namespace lc::worker
