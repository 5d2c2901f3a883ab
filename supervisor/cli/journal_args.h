#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "supervisor/cli/journal_source.h"
#include "supervisor/cli/verb.h"
#include "supervisor/journal/playback.h"

// What the verbs that read a journal have in common.
namespace lc::cli {

/// `[-s STREAM | FILE]` and what reaching a stream needs.
std::vector<Option> journal_options();

/// The journal that the arguments name: the recording FILE, or else the stream's own. With both,
/// the recording must be of that stream.
///
/// Errors: invalid_input - neither was named; otherwise as the two ways to open one.
Result<std::unique_ptr<JournalSource>> open_journal(const Args& args, Io& io,
                                                    JournalStart start = JournalStart::complete,
                                                    std::int64_t from = 0);

/// Sees each record after the playback has taken it.
using OnRecord = std::function<Status(std::string_view text)>;

/// Replays until `is_done` or the journal's end.
///
/// Errors: where the replay, or `on_record`, fails, with its place; what the source says.
Status play_until(JournalSource& source, journal::Playback& playback,
                  const std::function<bool()>& is_done, const OnRecord& on_record = {});

/// Prints an error of a journal: its exit code.
int fail_journal(std::string_view verb, const Error& error, Io& io);

}  // namespace lc::cli
