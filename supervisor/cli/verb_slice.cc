#include <fmt/format.h>

#include "common/time.h"
#include "supervisor/cli/put.h"
#include "supervisor/cli/verb.h"

namespace lc::cli {
namespace {

int run_slice(const Args& args, Io& io) {
  const auto epoch0 = parse_rfc3339(args.text("epoch0"));
  const auto ts = parse_rfc3339(args.text("ts"));
  if (!epoch0) {
    put(io.err, "live-crew slice: --epoch0: {}\n", epoch0.error().message);
  }
  if (!ts) {
    put(io.err, "live-crew slice: --ts: {}\n", ts.error().message);
  }
  if (!epoch0 || !ts) {
    return kExitUsage;
  }
  const Micros slice = millis(args.number("slice-ms"));
  const SliceIndex index = slice_index(*ts, *epoch0, slice);
  if (args.text("output") == "json") {
    put(io.out, "{{\"slice\":{},\"start\":\"{}\",\"end\":\"{}\"}}\n", index.value,
        format_rfc3339(slice_start(index, *epoch0, slice)),
        format_rfc3339(slice_start({index.value + 1}, *epoch0, slice)));
  } else {
    put(io.out, "{}\n", index.value);
  }
  return kExitOk;
}

}  // namespace

void register_slice(Verbs& verbs) {
  verbs.push_back(
      {.name = "slice",
       .summary = "Print the index of the slice that a time falls into",
       .details =
           "Slices count from epoch0, the time of the stream's first event; what lies before "
           "it has a negative index.",
       .examples = {{"slice --epoch0 2025-07-31T19:22:00Z --ts 2025-07-31T19:22:41.5Z",
                     "prints 83: slices are 500 ms long"},
                    {"slice --epoch0 2025-07-31T19:22:00Z --ts 2025-07-31T21:22:01+02:00 -o json",
                     "prints the index with the slice's start and end"}},
       .options = {{.name = "epoch0",
                    .value = "TS",
                    .help = "where slice 0 starts, as RFC 3339",
                    .required = true},
                   {.name = "ts",
                    .value = "TS",
                    .help = "the time asked for, as RFC 3339",
                    .required = true},
                   {.name = "slice-ms",
                    .value = "N",
                    .help = "length of a slice in milliseconds",
                    .fallback = "500",
                    .variable = "LIVE_CREW_SLICE_MS",
                    .number = Range{1, 10'000}},
                   output_option({"text", "json"})},
       .run = run_slice});
}

}  // namespace lc::cli
