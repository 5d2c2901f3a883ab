#include "supervisor/cli/online.h"
#include "supervisor/cli/process_events.h"

namespace lc::cli {
namespace {

int run_process(const Args& args, Io& io) {
  log_errors_only(args);  // refused events and failed reactions are in the summary
  return process_events({.events_file = args.text("EVENTS"),
                         .crews_dir = args.text("crews"),
                         .config_file = args.text("config"),
                         .summary_file = args.text("summary")},
                        args.environment(), io.out, io.err);
}

}  // namespace

void register_process(Verbs& verbs) {
  verbs.push_back(
      {.name = "process",
       .summary = "Run crews over a file of events, offline, and print the actions",
       .details =
           "Starts a private server, follows the events' own times (no waiting between them), "
           "waits "
           "for every reaction, prints each action as a line and a summary to standard error. The "
           "same input gives the same bytes, as long as the crews do.",
       .examples = {{"process deploy/examples/matchday/events.jsonl --crews "
                     "deploy/examples/matchday/crews",
                     "plays the example match"},
                    {"process events.json --crews crews --summary run.json > actions.jsonl",
                     "keeps both results for a script"}},
       .options = {{.name = "EVENTS",
                    .help = ".jsonl (an event a line) or .json (an array), or - for lines",
                    .required = true,
                    .value_is = ValueIs::file},
                   crews_option(),
                   config_option(),
                   {.name = "summary",
                    .value = "FILE",
                    .help = "write the summary as JSON instead of words",
                    .value_is = ValueIs::file}},
       .run = run_process});
}

}  // namespace lc::cli
