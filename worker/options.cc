// The command line, read by hand: a hundred idle workers share a machine, and CLI11 would cost each
// of them more memory than its reactions.

#include "worker/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "common/diagnostic.h"

namespace lc::worker {
namespace {

constexpr std::array<std::string_view, 5> kNames = {"--cassette", "--crew", "--crew-file",
                                                    "--llm-url", "--stream"};

std::unexpected<Error> bad(std::string message) {
  return fail(ErrorCode::invalid_input, std::move(message));
}

using Values = std::map<std::string_view, std::string_view>;

// `--name value` and `--name=value`.
Result<Values> read_values(int argc, const char* const* argv, int first) {
  Values values;
  for (int i = first; i < argc; ++i) {
    std::string_view word = argv[i];
    std::string_view value;
    const std::size_t equals = word.find('=');
    const bool joined = equals != std::string_view::npos;
    if (joined) {
      value = word.substr(equals + 1);
      word = word.substr(0, equals);
    }
    if (std::find(kNames.begin(), kNames.end(), word) == kNames.end()) {
      const std::string_view near = nearest(word, kNames);
      return bad(near.empty()
                     ? fmt::format("unknown option '{}'", word)
                     : fmt::format("unknown option '{}' (did you mean '{}'?)", word, near));
    }
    if (!joined) {
      if (++i == argc) {
        return bad(fmt::format("option {} needs a value", word));
      }
      value = argv[i];
    }
    if (!values.emplace(word, value).second) {
      return bad(fmt::format("option {} is given twice", word));
    }
  }
  return values;
}

// Checks that exactly these options are there; `optional` may be.
Status check_names(const Values& values, std::initializer_list<std::string_view> required,
                   std::initializer_list<std::string_view> optional) {
  for (const std::string_view name : required) {
    if (!values.contains(name)) {
      return bad(fmt::format("option {} is missing", name));
    }
  }
  for (const auto& [name, value] : values) {
    if (std::ranges::find(required, name) == required.end() &&
        std::ranges::find(optional, name) == optional.end()) {
      return bad(fmt::format("option {} does not belong here", name));
    }
  }
  return {};
}

// Empty when it is not there.
std::string_view value_of(const Values& values, std::string_view name) {
  const auto found = values.find(name);
  return found == values.end() ? std::string_view() : found->second;
}

}  // namespace

Result<Options> parse_options(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--help" || word == "-h") {
      return Options{.mode = Options::Mode::help};
    }
    if (word == "--version") {
      return Options{.mode = Options::Mode::version};
    }
    if (word == "--probe-sandbox" && argc == 2) {
      return Options{.mode = Options::Mode::probe_sandbox};
    }
  }
  Options options;
  if (argc > 1 && std::string_view(argv[1]) == "debug") {
    options.mode = Options::Mode::debug;
    LC_TRY(options.debug, parse_debug_options({argv + 2, static_cast<std::size_t>(argc - 2)}));
    return options;
  }
  const bool once = argc > 1 && std::string_view(argv[1]) == "once";
  LC_TRY(const Values values, read_values(argc, argv, once ? 2 : 1));
  if (once) {
    LC_TRY_STATUS(check_names(values, {"--crew-file"}, {"--cassette", "--llm-url"}));
    options.mode = Options::Mode::once;
    options.crew_file = values.at("--crew-file");
    options.llm_url = value_of(values, "--llm-url");
    options.cassette = value_of(values, "--cassette");
    return options;
  }
  LC_TRY_STATUS(check_names(values, {"--stream", "--crew"}, {"--cassette"}));
  LC_TRY(options.stream, parse_stream_id(values.at("--stream")));
  LC_TRY(options.crew, parse_crew_id(values.at("--crew")));
  options.cassette = value_of(values, "--cassette");
  return options;
}

std::string_view usage() {
  return R"(usage: lcworker --stream STREAM --crew CREW [--cassette FILE]
       lcworker once --crew-file FILE.runtime.yaml [--llm-url URL] [--cassette FILE]
                     < ready.json > done.json
       lcworker debug --crew CREW --slice N [--attempt K] [-s STREAM | --journal FILE]
                      [--crews DIR] [--gdb | --pdb] [--json]
                      [--live-model [--config FILE] [--llm-url URL]]
       lcworker --probe-sandbox
       lcworker --help | --version

The first form is started by lcsupervisor: it reads its configuration, one JSON line, from standard
input, serves reactions over NATS, and leaves when standard input ends.

The second form runs one reaction in the foreground, without NATS, to try a crew alone. It reads a
`ready` message, of which only `events` is needed, and writes the `done` that a worker would send.
  --crew-file FILE   the crew's <crew>.runtime.yaml
  --llm-url URL      base URL of the model service (otherwise OPENAI_BASE_URL)

The third form runs one recorded reaction once more, in the foreground: as it was given then, with
no time limit and no sandbox, and nothing is published. It says what came out and where that differs
from what was recorded.
  --crew CREW        the crew
  --slice N          the slice of the reaction, as `live-crew journal why` counts them
  --attempt K        which of several reactions in that slice (otherwise the last)
  --stream, -s NAME  the stream whose journal has it (otherwise STREAM), at --nats URL (otherwise
                     LIVE_CREW_NATS); it is only read
  --journal FILE     a recording instead; - is standard input
  --crews DIR        the folder of crews (otherwise LIVE_CREW_CREWS, or crews)
  --patience S       seconds to wait for the server
  --gdb              under gdb: set breakpoints, then `run`, as often as you like; the last run
                     counts. A crew without a program runs in lcworker: then gdb has that
  --pdb              a crew in Python: stops in pdb where react() begins
  --live-model       asks the model, as live-config.yaml says (--config, otherwise
                     LIVE_CREW_CONFIG); otherwise it answers as it did then
  --json             one JSON object on standard output

With --cassette (otherwise LIVE_CREW_CASSETTE), a crew that asks a model is answered from a
recording and no model service is asked.

The fourth form confines itself as it would for a crew with `sandbox: standard`, and writes what
this kernel has for that, and what is missing, as one JSON line.

exit codes: 0 told to leave, the reaction succeeded (once), or it came to the same (debug);
            1 the reaction failed (once), it came to something else or the journal does not know
            its end (debug), or the kernel refuses the sandbox (--probe-sandbox);
            64 wrong usage; 65 the ready message is wrong (once), or the journal is damaged (debug);
            66 no such reaction, journal or recording (debug);
            69 NATS unreachable, or no live-crew or gdb to be found (debug);
            78 configuration, crew or cassette invalid
)";
}

}  // namespace lc::worker
