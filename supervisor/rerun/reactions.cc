#include "supervisor/rerun/reactions.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/json.h"
#include "common/text.h"
#include "proto/parts.h"
#include "proto/reader.h"

namespace lc::rerun {
namespace {

using namespace engine;

constexpr std::size_t kLinesToldMax = 20;

// Equal values, equal text, whatever the order of their members.
std::string canonical(const std::string& json) {
  auto tree = parse_json(json);
  return tree ? write_canonical_json(*tree) : json;
}

std::vector<proto::ActionDraft> canonical(std::vector<proto::ActionDraft> drafts) {
  for (proto::ActionDraft& draft : drafts) {
    draft.payload = canonical(draft.payload);
  }
  return drafts;
}

void begin_line(JsonWriter& json, SliceIndex slice, const CrewId& crew, std::string_view status) {
  json.begin_object().key("slice").number(slice.value);
  json.key("crew").string(crew.value).key("status").string(status);
}

std::string done_line(const CrewId& crew, SliceIndex slice, const proto::ContextDiff& diff,
                      const std::vector<proto::ActionDraft>& actions) {
  std::string line;
  JsonWriter json(line);
  begin_line(json, slice, crew, proto::to_string(proto::Outcome::ok));
  json.key("diff");
  proto::write_context_diff(json, diff);
  json.key("actions");
  proto::write_action_drafts(json, canonical(actions));
  json.end_object();
  return line;
}

std::string failed_line(const CrewId& crew, SliceIndex slice, std::string_view status,
                        std::string_view error) {
  std::string line;
  JsonWriter json(line);
  begin_line(json, slice, crew, status);
  json.key("error").string(valid_utf8(error)).end_object();
  return line;
}

std::string line_of(const ReactionEnded& ended, const Input* answer) {
  if (const auto* done = answer == nullptr ? nullptr : std::get_if<ReactionDone>(answer)) {
    return done_line(ended.crew, ended.slice, done->diff, done->actions);
  }
  const auto* failed = answer == nullptr ? nullptr : std::get_if<ReactionFailed>(answer);
  return failed_line(ended.crew, ended.slice, proto::to_string(ended.outcome),
                     failed == nullptr ? "" : failed->detail);
}

// The lines of a file as they are read.
class LinesReader {
 public:
  explicit LinesReader(std::string_view name) : name_(name) {}

  void take(std::string_view line) {
    ++number_;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) {
      return;
    }
    if (has_ended_) {
      add_problem("something follows the last line");
      return;
    }
    if (auto status = read(line); !status) {
      add_problem(status.error().message);
    }
  }

  Result<RunLines> finish() {
    if (problems_.empty() && !has_ended_) {
      ++number_;
      add_problem(R"(the last line, {"end":{...}}, is missing: it was cut)");
    }
    if (problems_.empty()) {
      return std::move(lines_);
    }
    if (problem_count_ > kLinesToldMax) {
      problems_ += fmt::format("\n{}: and {} more lines", name_, problem_count_ - kLinesToldMax);
    }
    return fail(ErrorCode::corrupt, problems_);
  }

 private:
  Status read(std::string_view line) {
    auto split = split_json_object(line);
    if (!split) {
      return std::unexpected(split.error());
    }
    proto::Problems problems;
    proto::ObjectReader reader(std::move(split->fields), {}, problems);
    reader.has("end") ? read_end(reader) : read_reaction(reader);
    reader.finish();
    return problems.empty() ? Status{} : problems.error("reaction");
  }

  void read_end(proto::ObjectReader& whole) {
    proto::ObjectReader reader = whole.object("end");
    const std::int64_t reactions = reader.integer("reactions", proto::kCount);
    const auto found = static_cast<std::int64_t>(lines_.reactions.size());
    if (reactions != found && problems_.empty()) {
      reader.problem("reactions", fmt::format("counts {} lines, but there are {}: some were added "
                                              "or are missing",
                                              reactions, found));
    }
    lines_.context = proto::write_context(proto::read_context(reader, "context"));
    if (reader.has("run")) {
      lines_.run = reader.text("run");
    }
    reader.finish();
    has_ended_ = true;
  }

  void read_reaction(proto::ObjectReader& reader) {
    ReactionLine line{.slice = {reader.integer("slice", proto::kAnyWireInt)},
                      .crew = reader.crew("crew"),
                      .text = {}};
    const proto::Outcome status = proto::read_word(reader, "status", proto::kOutcomes);
    if (status == proto::Outcome::ok) {
      const proto::ContextDiff diff = reader.has("diff")
                                          ? proto::read_context_diff(reader.object("diff"))
                                          : proto::ContextDiff{};
      const auto actions = reader.has("actions") ? proto::read_action_drafts(reader, "actions")
                                                 : std::vector<proto::ActionDraft>{};
      line.text = done_line(line.crew, line.slice, diff, actions);
    } else {
      const std::string error = reader.text("error");
      line.text = failed_line(line.crew, line.slice, proto::to_string(status), error);
    }
    lines_.reactions.push_back(std::move(line));
  }

  void add_problem(std::string_view words) {
    if (++problem_count_ <= kLinesToldMax) {
      problems_ += fmt::format("{}{}:{}: {}", problems_.empty() ? "" : "\n", name_, number_, words);
    }
  }

  std::string name_;
  std::int64_t number_ = 0;
  RunLines lines_;
  bool has_ended_ = false;
  std::string problems_;
  std::size_t problem_count_ = 0;
};

// Slice, crew, and which of the crew's reactions there it is.
using Place = std::tuple<SliceIndex, CrewId, std::size_t>;

std::map<Place, const std::string*> by_place(const RunLines& lines) {
  std::map<Place, const std::string*> out;
  std::map<std::pair<SliceIndex, CrewId>, std::size_t> counts;
  for (const ReactionLine& line : lines.reactions) {
    const std::size_t turn = counts[{line.slice, line.crew}]++;
    out[{line.slice, line.crew, turn}] = &line.text;
  }
  return out;
}

std::string run_line(const std::string& run) {
  return fmt::format(R"({{"run":"{}"}})", run);
}

}  // namespace

void ReactionLog::step(const Input& input, const Effects& effects) {
  if (const auto* done = std::get_if<ReactionDone>(&input)) {
    answered_.insert_or_assign({done->crew, done->slice, done->attempt}, input);
  } else if (const auto* failed = std::get_if<ReactionFailed>(&input)) {
    answered_.insert_or_assign({failed->crew, failed->slice, failed->attempt}, input);
  }
  for (const Effect& effect : effects) {
    if (const auto* ended = std::get_if<ReactionEnded>(&effect)) {
      const auto answer = answered_.extract({ended->crew, ended->slice, ended->attempt});
      lines_.reactions.push_back(
          {ended->slice, ended->crew, line_of(*ended, answer ? &answer.mapped() : nullptr)});
    }
  }
}

void ReactionLog::end(const proto::Context& context, const Sha256& run) {
  lines_.context = proto::write_context(context);
  lines_.run = to_hex(run);
}

std::string write_lines(const RunLines& lines, WithRun with_run) {
  std::string out;
  for (const ReactionLine& reaction : lines.reactions) {
    out += reaction.text + "\n";
  }
  JsonWriter json(out);
  json.begin_object().key("end").begin_object();
  json.key("reactions").number(static_cast<std::int64_t>(lines.reactions.size()));
  json.key("context").raw(lines.context);
  if (with_run == WithRun::yes && !lines.run.empty()) {
    json.key("run").string(lines.run);
  }
  json.end_object().end_object();
  return out + "\n";
}

Result<RunLines> parse_lines(std::string_view text, std::string_view name) {
  LinesReader reader(name);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    reader.take(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return reader.finish();
}

std::vector<Difference> compare(const RunLines& before, const RunLines& now) {
  std::vector<Difference> out;
  const auto left = by_place(before);
  const auto right = by_place(now);
  const auto add = [&out](const Place& place, const std::string* was, const std::string* is) {
    out.push_back({std::get<SliceIndex>(place), std::get<CrewId>(place).value,
                   was == nullptr ? "" : *was, is == nullptr ? "" : *is});
  };
  auto a = left.begin();
  auto b = right.begin();
  while (a != left.end() || b != right.end()) {
    if (b == right.end() || (a != left.end() && a->first < b->first)) {
      add(a->first, a->second, nullptr);
      ++a;
    } else if (a == left.end() || b->first < a->first) {
      add(b->first, nullptr, b->second);
      ++b;
    } else {
      if (*a->second != *b->second) {
        add(a->first, a->second, b->second);
      }
      ++a;
      ++b;
    }
  }
  if (before.context != now.context) {
    out.push_back({{}, "context", before.context, now.context});
  }
  if (out.empty() && !before.run.empty() && !now.run.empty() && before.run != now.run) {
    out.push_back({{}, "run", run_line(before.run), run_line(now.run)});
  }
  return out;
}

std::string differences_text(const std::vector<Difference>& differences, std::string_view indent) {
  std::string out;
  for (const Difference& each : differences) {
    const std::string where =
        each.slice ? fmt::format("slice {} {}", each.slice->value, each.what) : each.what;
    const std::string_view how = each.before.empty() ? "only now"
                                 : each.now.empty()  ? "only before"
                                                     : "differs";
    out += fmt::format("{}{}: {}\n", indent, where, how);
    if (!each.before.empty()) {
      out += fmt::format("{}- {}\n", indent, each.before);
    }
    if (!each.now.empty()) {
      out += fmt::format("{}+ {}\n", indent, each.now);
    }
  }
  return out;
}

}  // namespace lc::rerun
