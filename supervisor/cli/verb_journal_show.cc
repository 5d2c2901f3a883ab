// `journal show`: a line for each record.

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "supervisor/cli/journal_args.h"
#include "supervisor/cli/journal_verbs.h"
#include "supervisor/cli/put.h"
#include "supervisor/journal/describe.h"

namespace lc::cli {
namespace {

using namespace journal;

constexpr std::string_view kVerb = "journal show";

/// Which records to show.
struct Wanted {
  std::int64_t from = 1;
  std::int64_t to = std::numeric_limits<std::int64_t>::max();
  std::optional<SliceIndex> slice;
  bool texts = false;
};

std::optional<Wanted> wanted_of(const Args& args, Io& io) {
  const int ways = (args.has("slice") ? 1 : 0) + (args.has("record") ? 1 : 0) +
                   (args.has("from") || args.has("to") ? 1 : 0);
  if (ways > 1) {
    put(io.err, "live-crew {}: --slice, --record and --from/--to exclude each other\n", kVerb);
    return std::nullopt;
  }
  Wanted wanted{.texts = args.text("output") == "json"};
  if (args.has("slice")) {
    wanted.slice = SliceIndex{args.number("slice")};
  }
  if (args.has("record")) {
    wanted.from = wanted.to = args.number("record");
  }
  if (args.has("from")) {
    wanted.from = args.number("from");
  }
  if (args.has("to")) {
    wanted.to = args.number("to");
  }
  return wanted;
}

Result<std::int64_t> show(JournalSource& source, const Wanted& wanted, Io& io) {
  std::int64_t shown = 0;
  ChainEnd chain;
  for (;;) {
    LC_TRY(const auto found, source.next());
    if (!found) {
      LC_TRY_STATUS(source.check(chain));
      return shown;
    }
    auto record = parse_record(found->text, source.stream());
    if (!record) {
      return within(source.where(), std::move(record.error()));
    }
    chain = {.n = record->n, .hash = record->hash, .run = record->run};
    if (record->n > wanted.to) {
      return shown;
    }
    if (record->n < wanted.from) {
      continue;
    }
    auto described = describe(*record, found->text);
    if (!described) {
      return within(source.where(), std::move(described.error()));
    }
    if (wanted.slice && !described->slices.contains(*wanted.slice)) {
      continue;
    }
    ++shown;
    put(io.out, "{}\n", wanted.texts ? std::string(found->text) : line_of(*described));
  }
}

int run_show(const Args& args, Io& io) {
  const auto wanted = wanted_of(args, io);
  if (!wanted) {
    return kExitUsage;
  }
  auto source = open_journal(args, io, JournalStart::record, wanted->from);
  if (!source) {
    return fail_journal(kVerb, source.error(), io);
  }
  const auto shown = show(**source, *wanted, io);
  if (!shown) {
    return fail_journal(kVerb, shown.error(), io);
  }
  if (*shown == 0) {
    put(io.err, "live-crew {}: no such record in it{}\n", kVerb,
        wanted->slice ? ": a slice in which nothing happens leaves none" : "");
    return kExitFailed;
  }
  return kExitOk;
}

}  // namespace

Verb journal_show_verb() {
  std::vector<Option> options = journal_options();
  options.push_back({.name = "slice",
                     .value = "N",
                     .help = "only records that tell of slice N",
                     .number = kSliceNumbers});
  options.push_back(
      {.name = "record", .value = "N", .help = "only record N", .number = kRecordNumbers});
  options.push_back(
      {.name = "from", .value = "N", .help = "from record N on", .number = kRecordNumbers});
  options.push_back(
      {.name = "to", .value = "N", .help = "up to record N", .number = kRecordNumbers});
  options.push_back(output_option({"text", "json"}));
  return {.name = "journal show",
          .summary = "Print the records of a journal, a line each",
          .details =
              "Number, kind, time, what was told and what was decided: slices closed with their "
              "events and who was ready or waits and for what, reactions as CREW SLICE/ATTEMPT, "
              "actions, errors, the context's revision. With -o json the records themselves.\n"
              "The hash of each record is checked. Whether the run was decided so is for "
              "`replay --verify` to say.",
          .examples = {{"journal show -s match42 --slice 83", "shows what is known of slice 83"},
                       {"journal show match42.rec --from 100 --to 120", "shows some records"}},
          .options = std::move(options),
          .run = run_show};
}

}  // namespace lc::cli
