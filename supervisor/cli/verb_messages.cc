// `event validate` and `action validate`: one JSON object a line, the normalised ones to standard
// output, what is wrong with the others to standard error.

#include <fmt/format.h>

#include <functional>

#include "common/clock.h"
#include "proto/action.h"
#include "proto/event.h"
#include "supervisor/cli/put.h"
#include "supervisor/cli/report.h"
#include "supervisor/cli/verb.h"

namespace lc::cli {
namespace {

constexpr std::size_t kLineBytesMax = std::size_t{4} << 20;

// The normalised text of one line, or what is wrong with it.
using Normalise = std::function<Result<std::string>(std::string_view)>;

int validate_lines(const Args& args, Io& io, const Normalise& normalise) {
  const std::string path = args.text("FILE");
  std::int64_t refused = 0;
  const Status read = for_each_line(path, kLineBytesMax, io, [&](const InputLine& line) {
    auto text =
        line.is_cut
            ? Result<std::string>(fail(ErrorCode::overloaded,
                                       fmt::format("the line exceeds {} bytes", kLineBytesMax)))
            : normalise(line.text);
    if (text) {
      put(io.out, "{}\n", *text);
      return;
    }
    ++refused;
    std::fflush(io.out);  // both streams may go to one place: keep the order of the lines
    put(io.err, "{}:{}: error: {}\n", shown_name(path), line.number, text.error().message);
  });
  if (!read) {
    put(io.err, "live-crew: {}\n", read.error().message);
    return kExitNoInput;
  }
  return refused == 0 ? kExitOk : kExitBadData;
}

int run_event(const Args& args, Io& io) {
  const proto::EventValidation rules = {
      .timestamp_validation_enabled = !args.has("no-ts-window"),
      .timestamp_window_days = args.number("ts-window-days"),
      .future_tolerance_seconds = args.number("future-seconds"),
      .strict_mode = !args.has("lenient"),
  };
  WallTime now = wall_now();
  if (args.has("now")) {
    const auto given = parse_rfc3339(args.text("now"));
    if (!given) {
      put(io.err, "live-crew event validate: --now: {}\n", given.error().message);
      return kExitUsage;
    }
    now = *given;
  }
  return validate_lines(args, io, [&rules, now](std::string_view line) -> Result<std::string> {
    LC_TRY(const proto::Event event, proto::parse_event(line, rules));
    LC_TRY_STATUS(proto::check_event_time(event, now, rules));
    return proto::write_event(event);
  });
}

int run_action(const Args& args, Io& io) {
  return validate_lines(args, io, [](std::string_view line) -> Result<std::string> {
    LC_TRY(const proto::Action action, proto::parse_action(line));
    return proto::write_action(action);
  });
}

Option file_option() {
  return {.name = "FILE",
          .help = "one JSON object a line; - is standard input",
          .fallback = "-",
          .value_is = ValueIs::file};
}

}  // namespace

void register_messages(Verbs& verbs) {
  const std::string details =
      "Valid lines are printed to standard output in canonical form and in order; each invalid "
      "line "
      "is reported to standard error as FILE:LINE. Exit code 0 when all are valid, else 65.";
  verbs.push_back(
      {.name = "event validate",
       .summary = "Check events and print them in canonical form",
       .details = details,
       .examples = {{"event validate events.jsonl", "checks a file against the time of today"},
                    {"event validate --no-ts-window < old-match.jsonl",
                     "checks a recording, whatever its age"},
                    {"event validate --now 2025-07-31T19:30:00Z events.jsonl",
                     "checks as if it were then"}},
       .options = {file_option(),
                   {.name = "now",
                    .value = "TS",
                    .help = "the time to judge by, as RFC 3339; without it, the system's clock"},
                   {.name = "no-ts-window", .help = "accept events of any time"},
                   {.name = "ts-window-days",
                    .value = "N",
                    .help = "how old an event may be",
                    .fallback = "30",
                    .variable = "LIVE_CREW_EVENT_VALIDATION__TIMESTAMP_WINDOW_DAYS",
                    .number = Range{0, 100'000}},
                   {.name = "future-seconds",
                    .value = "N",
                    .help = "how far ahead an event may be",
                    .fallback = "60",
                    .variable = "LIVE_CREW_EVENT_VALIDATION__FUTURE_TOLERANCE_SECONDS",
                    .number = Range{0, 3'600}},
                   {.name = "lenient", .help = "drop unknown fields instead of refusing them"}},
       .run = run_event});
  verbs.push_back(
      {.name = "action validate",
       .summary = "Check actions and print them in canonical form",
       .details = details,
       .examples = {{"action validate actions.jsonl", "checks a file"},
                    {"tap -s match42 --actions | jq -c .data | live-crew action validate",
                     "checks what passes by"}},
       .options = {file_option()},
       .run = run_action});
}

}  // namespace lc::cli
