// `record`: the journal of a stream and the events that it names, into one file.

#include <string>
#include <utility>

#include "supervisor/cli/journal_args.h"
#include "supervisor/cli/online.h"
#include "supervisor/cli/put.h"
#include "supervisor/cli/whole_file.h"
#include "supervisor/journal/export.h"

namespace lc::cli {
namespace {

constexpr std::string_view kVerb = "record";
constexpr std::int64_t kRecordMax = 9'007'199'254'740'991;

Status copy(JournalSource& source, journal::Export& made, WholeFile& file) {
  LC_TRY_STATUS(file.write(made.header()));
  for (;;) {
    LC_TRY(const auto found, source.next());
    if (!found) {
      break;
    }
    auto lines = made.take(found->text, found->seq);
    if (!lines) {
      if (lines.error().code == ErrorCode::unavailable) {
        return std::unexpected(std::move(lines.error()));
      }
      return within(source.where(), std::move(lines.error()));
    }
    LC_TRY_STATUS(file.write(*lines));
  }
  LC_TRY_STATUS(file.write(made.end()));
  return file.finish();
}

int run_record(const Args& args, Io& io) {
  auto stream = parse_stream_id(args.text("stream"));
  if (!stream) {
    put(io.err, "live-crew {}: --stream: {}\n", kVerb, stream.error().message);
    return kExitUsage;
  }
  const std::string path = args.text("output");
  WholeFile file(path, args.has("force") ? Existing::replace : Existing::keep, io);
  if (auto opened = file.open(); !opened) {
    return fail_journal(kVerb, opened.error(), io);
  }
  auto source = open_live_journal(
      {.stream = *stream,
       .nats_url = nats_url(args),
       .start = args.has("from") ? JournalStart::checkpoint : JournalStart::complete,
       .from = args.number("from"),
       .patience_s = args.number("patience")});
  if (!source) {
    return fail_journal(kVerb, source.error(), io);
  }
  JournalSource& journal = **source;
  journal::Export made(*stream, [&journal](StreamSeq seq) { return journal.event(seq); });
  if (auto copied = copy(journal, made, file); !copied) {
    return fail_journal(kVerb, copied.error(), io);
  }
  const std::int64_t records = made.writer().records();
  const std::int64_t last = made.chain().n;
  put(io.err, "recorded {} records ({} to {}) and {} events of '{}'{}; run {}\n", records,
      last - records + 1, last, made.writer().events(), stream->value,
      path == "-" ? "" : " into " + path, to_hex(made.chain().run));
  return kExitOk;
}

}  // namespace

void register_record(Verbs& verbs) {
  verbs.push_back(
      {.name = "record",
       .summary = "Write a stream's journal and its events into one file",
       .details =
           "The file, a recording, has all that a replay needs (supervisor/journal/FORMAT.md). It "
           "begins with the first checkpoint from which on all events are still in their stream, "
           "and ends with the record that is the last one at the start. The stream is only read. "
           "FILE is there when it is whole; until then FILE.part is.",
       .examples = {{"record -s match42 -o match42.rec", "writes all that there is"},
                    {"record -s match42 -o - | zstd > match42.rec.zst", "compresses it on the way"},
                    {"record -s match42 --from 120000 -o end.rec",
                     "begins with the last checkpoint at or before record 120000"}},
       .options = {stream_option(),
                   {.name = "output",
                    .letter = 'o',
                    .value = "FILE",
                    .help = "the file to write; - is standard output",
                    .required = true,
                    .value_is = ValueIs::file},
                   {.name = "from",
                    .value = "N",
                    .help = "begin with the last checkpoint at or before record N",
                    .number = Range{1, kRecordMax}},
                   {.name = "force", .help = "replace FILE if it is there"},
                   nats_option(),
                   patience_option()},
       .run = run_record});
}

}  // namespace lc::cli
