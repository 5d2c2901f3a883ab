#include "supervisor/cli/journal_args.h"

#include <fmt/format.h>

#include <utility>

#include "supervisor/cli/online.h"
#include "supervisor/cli/put.h"

namespace lc::cli {
namespace {

constexpr const char* kStreamVariable = "STREAM";

// The variable names the stream only when nothing else does: whoever names a file means the file.
std::string stream_name(const Args& args) {
  const auto variable = args.environment().find(kStreamVariable);
  if (args.has("stream") || args.has("FILE") || variable == args.environment().end()) {
    return args.text("stream");
  }
  return variable->second;
}

}  // namespace

std::vector<Option> journal_options() {
  return {{.name = "FILE",
           .help = "a recording instead of a stream; - is standard input",
           .value_is = ValueIs::file},
          {.name = "stream",
           .letter = 's',
           .value = "STREAM",
           .help = "the stream's name; without FILE also from the variable STREAM"},
          nats_option(),
          patience_option()};
}

Result<std::unique_ptr<JournalSource>> open_journal(const Args& args, Io& io, JournalStart start,
                                                    std::int64_t from) {
  const std::string name = stream_name(args);
  StreamId stream;
  if (!name.empty()) {
    auto parsed = parse_stream_id(name);
    if (!parsed) {
      return fail(ErrorCode::invalid_input, "--stream: " + parsed.error().message);
    }
    stream = std::move(*parsed);
  }
  if (args.has("FILE")) {
    LC_TRY(auto file, open_recording(args.text("FILE"), io));
    if (!stream.empty() && file->stream() != stream) {
      return fail(ErrorCode::conflict,
                  fmt::format("{}: a recording of stream '{}', not of '{}'", args.text("FILE"),
                              file->stream().value, stream.value));
    }
    return file;
  }
  if (stream.empty()) {
    return fail(ErrorCode::invalid_input, "name a recording FILE or a stream (--stream)");
  }
  return open_live_journal({.stream = std::move(stream),
                            .nats_url = nats_url(args),
                            .start = start,
                            .from = from,
                            .patience_s = args.number("patience")});
}

Status play_until(JournalSource& source, journal::Playback& playback,
                  const std::function<bool()>& is_done, const OnRecord& on_record) {
  std::string failed_at;
  Status read;
  while (read && !is_done()) {
    const auto found = source.next();
    if (!found || !*found) {
      read = found ? Status{} : std::unexpected(found.error());
      break;
    }
    const bool had_failed = playback.failure().has_value();
    playback.take((*found)->text, (*found)->seq);
    if (playback.failure() && !had_failed) {
      failed_at = source.where();
    }
    if (on_record) {
      if (auto status = on_record((*found)->text); !status) {
        return within(source.where(), std::move(status.error()));
      }
    }
  }
  if (!playback.failure()) {
    return !read || is_done() ? read : source.check(playback.end());
  }
  Error error = playback.failure()->error;
  if (error.code == ErrorCode::not_found) {
    error.code = ErrorCode::corrupt;  // the journal is there, but an event that it names is not
  }
  return within(failed_at, std::move(error));
}

int fail_journal(std::string_view verb, const Error& error, Io& io) {
  put(io.err, "live-crew {}: {}\n", verb, error.message);
  switch (error.code) {
    case ErrorCode::invalid_input:
      return kExitUsage;
    case ErrorCode::not_found:
      return kExitNoInput;
    case ErrorCode::corrupt:
    case ErrorCode::conflict:
      return kExitBadData;
    case ErrorCode::unavailable:
      return kExitUnavailable;
    case ErrorCode::overloaded:
    case ErrorCode::denied:
      return kExitFailed;
  }
  return kExitFailed;
}

}  // namespace lc::cli
