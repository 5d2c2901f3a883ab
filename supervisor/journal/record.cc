#include "supervisor/journal/record.h"

#include <fmt/format.h>

#include <utility>

#include "proto/parts.h"
#include "supervisor/journal/values.h"

namespace lc::journal {
namespace {

using proto::kCount;
using proto::kCountFromOne;
using proto::ObjectReader;

const std::vector<RecordKind> kKinds = {RecordKind::slice, RecordKind::outcome, RecordKind::order,
                                        RecordKind::checkpoint};

Settled read_settled(ObjectReader reader) {
  Settled settled;
  settled.record = reader.integer("record", kCount);
  settled.action_seq = {reader.integer("action_seq", kCount)};
  reader.finish();
  return settled;
}

void read_checkpoint(ObjectReader& reader, Record& record) {
  if (reader.has("body")) {
    record.piece = reader.object_text("body");
    return;
  }
  record.part = reader.integer("part", kCountFromOne);
  record.parts = reader.integer("parts", kCountFromOne);
  record.piece = reader.text("piece");
}

constexpr std::string_view kHashBegins = ",\"hash\":\"";
constexpr std::string_view kHashEnds = "\"}";
constexpr std::size_t kDigestChars = 64;
constexpr std::size_t kSealBytes = kHashBegins.size() + kDigestChars + kHashEnds.size();

Status check_seal(std::string_view text) {
  if (text.size() <= kSealBytes) {
    return fail(ErrorCode::corrupt, fmt::format("{} bytes are too few for a record", text.size()));
  }
  const std::string_view end = text.substr(text.size() - kSealBytes);
  const std::string hash = to_hex(sha256(text.substr(0, text.size() - kSealBytes)));
  if (!end.starts_with(kHashBegins) || !end.ends_with(kHashEnds) ||
      end.substr(kHashBegins.size(), hash.size()) != hash) {
    return fail(
        ErrorCode::corrupt,
        fmt::format("its bytes have the hash {}, but it ends with {}: it was changed or cut", hash,
                    shorten(end, kSealBytes)));
  }
  return {};
}

// The stream and the version come first: what else is wrong is then no wonder.
Status check_origin(const JsonFields& object, const StreamId& stream) {
  for (const JsonField& field : object.fields) {
    if (field.key == "v" && field.text != std::to_string(kFormatVersion)) {
      return fail(ErrorCode::conflict,
                  fmt::format("a journal of format {}; this program reads format {}: use the "
                              "version of live-crew that wrote it, or a newer one",
                              shorten(field.text), kFormatVersion));
    }
    if (field.key == "stream" && json_string_value(field.text).value_or("") != stream.value) {
      return fail(ErrorCode::conflict, fmt::format("a record of stream {}, not of '{}'",
                                                   shorten(field.text), stream.value));
    }
  }
  return {};
}

}  // namespace

Sha256 seal(std::string& text, const std::optional<Sealed>& known) {
  if (known && known->text.size() == text.size() + kSealBytes && known->text.starts_with(text)) {
    text += known->text.substr(text.size());
    return known->hash;
  }
  const Sha256 hash = sha256(text);
  text += kHashBegins;
  text += to_hex(hash);
  text += kHashEnds;
  return hash;
}

std::string_view seal_of(std::string_view text) {
  return text.substr(text.size() - kHashEnds.size() - kDigestChars, kDigestChars);
}

Result<Record> parse_record(std::string_view text, const StreamId& stream) {
  auto split = split_json_object(text, kRecordLimits);
  if (!split) {
    return fail(ErrorCode::corrupt, "not a record: " + split.error().message);
  }
  LC_TRY_STATUS(check_origin(*split, stream));
  LC_TRY_STATUS(check_seal(text));
  proto::Problems problems;
  ObjectReader reader(std::move(split->fields), {}, problems);
  Record record;
  reader.integer("v", {kFormatVersion, kFormatVersion});
  reader.stream("stream");
  record.n = reader.integer("n", kCountFromOne);
  record.kind = proto::read_word(reader, "kind", kKinds);
  record.prev = read_digest(reader, "prev");
  record.checkpoint = reader.integer("checkpoint", kCount);
  record.settled = read_settled(reader.object("settled"));
  record.run = read_digest(reader, "run");
  if (record.kind == RecordKind::checkpoint) {
    read_checkpoint(reader, record);
  } else {
    read_each(reader, "in", [&record](ObjectReader item) {
      record.inputs.push_back(read_input(std::move(item)));
    });
    reader.object_text("did");  // for people; a replay makes it again
  }
  record.hash = read_digest(reader, "hash");
  reader.finish();
  if (!problems.empty()) {
    return fail(ErrorCode::corrupt, problems.error("record").error().message);
  }
  return record;
}

Status follow(ChainEnd& before, const Record& record, StreamSeq seq) {
  if (record.n != seq.value) {
    return fail(ErrorCode::corrupt,
                fmt::format("record {} stands where record {} belongs: records were moved or are "
                            "missing",
                            record.n, seq.value));
  }
  if (record.n != before.n + 1) {
    return fail(ErrorCode::corrupt, fmt::format("after record {} comes record {}: {} missing",
                                                before.n, record.n, record.n - before.n - 1));
  }
  if (record.prev != before.hash) {
    return fail(ErrorCode::corrupt,
                fmt::format("record {} follows a record with hash {}, but record {} has {}: one of "
                            "them was changed",
                            record.n, to_hex(record.prev), before.n, to_hex(before.hash)));
  }
  before.n = record.n;
  before.hash = record.hash;
  before.run = record.run;
  if (record.kind == RecordKind::checkpoint && record.part == record.parts) {
    before.checkpoint = record.n - record.parts + 1;
  }
  return {};
}

std::string_view to_string(RecordKind kind) {
  switch (kind) {
    case RecordKind::slice:
      return "slice";
    case RecordKind::outcome:
      return "outcome";
    case RecordKind::order:
      return "order";
    case RecordKind::checkpoint:
      return "checkpoint";
  }
  return {};
}

}  // namespace lc::journal
