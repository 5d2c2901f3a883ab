#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "supervisor/cli/journal_source.h"
#include "supervisor/cli/verb.h"

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

/// Prints an error of a journal: its exit code.
int fail_journal(std::string_view verb, const Error& error, Io& io);

}  // namespace lc::cli
