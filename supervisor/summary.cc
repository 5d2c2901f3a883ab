#include "supervisor/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

namespace lc::supervisor {
namespace {

constexpr std::size_t kFirstWordsMax = 20;

Json counts_json(const std::map<std::string, std::int64_t>& counts) {
  JsonObject out;
  for (const auto& [name, count] : counts) {
    out.emplace_back(name, count);
  }
  return out;
}

std::string counts_text(const std::map<std::string, std::int64_t>& counts) {
  std::string out;
  for (const auto& [name, count] : counts) {
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", name, count);
  }
  return out.empty() ? "none" : out;
}

}  // namespace

void Summary::observe(const engine::Effect& effect, MonoTime now) {
  if (const auto* closed = std::get_if<engine::SliceClosed>(&effect)) {
    first_slice_ = slices_ == 0 ? closed->slice.value : first_slice_;
    last_slice_ = closed->slice.value;
    ++slices_;
  } else if (const auto* binned = std::get_if<engine::EventBinned>(&effect)) {
    ++events_;
    late_ += binned->orig_slice ? 1 : 0;
  } else if (const auto* dispatch = std::get_if<engine::Dispatch>(&effect)) {
    dispatched_[dispatch->ready.crew] = now;
  } else if (const auto* ended = std::get_if<engine::ReactionEnded>(&effect)) {
    on_ended(*ended, now);
  } else if (const auto* action = std::get_if<engine::PublishAction>(&effect)) {
    ++actions_[action->action.kind.value];
  } else if (const auto* error = std::get_if<engine::ReportError>(&effect)) {
    ++errors_[error->report.reason];
    const std::string crew = error->report.crew ? " " + error->report.crew->value : "";
    if (first_words_.size() < kFirstWordsMax) {
      first_words_.emplace(error->report.reason + crew,
                           error->report.message + " " + error->report.detail);
    }
  } else if (const auto* disabled = std::get_if<engine::CrewDisabled>(&effect)) {
    disabled_.push_back(disabled->crew);
  } else if (const auto* published = std::get_if<engine::PublishSnapshot>(&effect)) {
    last_snapshot_ = published->snapshot;
  }
}

void Summary::on_ended(const engine::ReactionEnded& ended, MonoTime now) {
  ++reactions_[ended.crew.value][std::string(proto::to_string(ended.outcome))];
  if (const auto it = dispatched_.find(ended.crew); it != dispatched_.end()) {
    if (latencies_us_.size() < kLatenciesMax) {
      latencies_us_.push_back((now - it->second).us);
    }
    dispatched_.erase(it);
  }
}

std::int64_t Summary::percentile_us(double share) const {
  if (latencies_us_.empty()) {
    return 0;
  }
  std::vector<std::int64_t> sorted = latencies_us_;
  const auto last = static_cast<double>(sorted.size() - 1);
  const auto at = static_cast<std::ptrdiff_t>(share * last + 0.5);
  std::ranges::nth_element(sorted, sorted.begin() + at);
  return sorted[static_cast<std::size_t>(at)];
}

Json Summary::json() const {
  JsonObject reactions;
  for (const auto& [crew, outcomes] : reactions_) {
    reactions.emplace_back(crew, counts_json(outcomes));
  }
  JsonObject ctx;
  for (const auto& [key, value] : last_snapshot_.context) {
    auto tree = parse_json(value);
    ctx.emplace_back(key, tree ? std::move(*tree) : Json());
  }
  return JsonObject{{"schema", "live-crew/v1"},
                    {"slices", slices_},
                    {"first_slice", first_slice_},
                    {"last_slice", last_slice_},
                    {"events", events_},
                    {"events_late", late_},
                    {"reactions", std::move(reactions)},
                    {"actions", counts_json(actions_)},
                    {"errors", counts_json(errors_)},
                    {"latency_us", JsonObject{{"p50", percentile_us(0.50)},
                                              {"p99", percentile_us(0.99)},
                                              {"max", percentile_us(1.0)}}},
                    {"ctx_rev", last_snapshot_.revision.value},
                    {"ctx", std::move(ctx)}};
}

Status Summary::write_to(const std::string& path) const {
  std::ofstream file(path);
  file << write_json(json()) << "\n";
  if (!file.flush()) {
    return fail(ErrorCode::denied, "cannot write '" + path + "'");
  }
  return {};
}

std::string Summary::text() const {
  std::string out;
  out += fmt::format("slices closed   {} (from {} to {}, empty ones stepped over)\n", slices_,
                     first_slice_, last_slice_);
  out += fmt::format("events          {} ({} late)\n", events_, late_);
  for (const auto& [crew, outcomes] : reactions_) {
    out += fmt::format("reactions       {}: {}\n", crew, counts_text(outcomes));
  }
  out += fmt::format("actions         {}\n", counts_text(actions_));
  out += fmt::format("errors          {}\n", counts_text(errors_));
  for (const auto& [what, words] : first_words_) {
    out += fmt::format("  first         {}: {}\n", what, words);
  }
  out += fmt::format("latency         p50 {:.1f} ms, p99 {:.1f} ms, from ready to done\n",
                     static_cast<double>(percentile_us(0.50)) / 1e3,
                     static_cast<double>(percentile_us(0.99)) / 1e3);
  out += fmt::format("final context   {}\n", proto::write_context(last_snapshot_.context));
  return out;
}

}  // namespace lc::supervisor
