#pragma once

#include <string>
#include <string_view>

#include "common/ids.h"
#include "common/result.h"
#include "worker/debug/options.h"

namespace lc::worker {

/// What the command line asks for.
struct Options {
  enum class Mode { serve, once, debug, probe_sandbox, help, version } mode = Mode::serve;
  StreamId stream;        // serve
  CrewId crew;            // serve
  std::string crew_file;  // once: path of <crew>.runtime.yaml
  std::string llm_url;    // once: empty means from the environment
  std::string cassette;   // serve, once: empty means from the environment
  DebugOptions debug;     // debug
};

/// Errors: invalid_input - names the wrong word and what is accepted.
Result<Options> parse_options(int argc, const char* const* argv);

/// The text of --help.
std::string_view usage();

}  // namespace lc::worker
