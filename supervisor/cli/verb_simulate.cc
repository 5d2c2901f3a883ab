// `simulate`: the engine that the supervisor runs, on a script, in virtual time.

#include <fmt/format.h>

#include "supervisor/cli/put.h"
#include "supervisor/cli/report.h"
#include "supervisor/cli/script.h"
#include "supervisor/cli/simulation.h"
#include "supervisor/cli/verb.h"

namespace lc::cli {
namespace {

int run_simulate(const Args& args, Io& io) {
  const std::string path = args.text("FILE");
  const auto text = read_input(path, kScriptBytesMax, io);
  if (!text) {
    put(io.err, "live-crew: {}\n", text.error().message);
    return kExitNoInput;
  }
  const ScriptResult parsed = parse_script(*text);
  for (const std::string& error : parsed.errors) {
    put(io.err, "{}: error: {}\n", shown_name(path), error);
  }
  if (!parsed.script) {
    return kExitBadData;
  }
  const Status done =
      simulate(*parsed.script, [&io](const std::string& line) { put(io.out, "{}\n", line); });
  if (!done) {
    put(io.err, "{}: error: {}\n", shown_name(path), done.error().message);
    return kExitBadData;
  }
  return kExitOk;
}

}  // namespace

void register_simulate(Verbs& verbs) {
  verbs.push_back(
      {.name = "simulate",
       .summary = "Run the engine on a script, in virtual time",
       .details = "The script is one JSON object: slice_ms; clock (wall or event); events, each "
                  "with kind, payload and either slice or ts, in the order of their arrival; "
                  "crews, by name, with the fields of their runtime file; reactions, by crew, with "
                  "takes_ms, outcomes (one for each reaction, the last repeats), diff and actions; "
                  "until_slice. Also lateness_ms (0), late_policy, ctx_max_bytes and "
                  "backlog_max_batches. A crew without reactions answers at once with "
                  "nothing.\nPrints one JSON object for each closed slice: events, ready (who was "
                  "woken), waiting (who has events and waits, and for what), done, disabled, "
                  "errors, ctx; then a summary. A line covers the time from the slice's beat to "
                  "the next one.",
       .examples = {{"simulate script.json", "prints what each slice decides"},
                    {"simulate - < script.json | jq -c 'select(.waiting != {})'",
                     "shows the slices in which somebody waits"}},
       .options = {{.name = "FILE",
                    .help = "the script; - is standard input",
                    .fallback = "-",
                    .value_is = ValueIs::file}},
       .run = run_simulate});
}

}  // namespace lc::cli
