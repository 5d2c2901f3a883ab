#include "supervisor/engine/history.h"

#include <iterator>

namespace lc::engine {

void History::await(const proto::Need& need) {
  (need.type == proto::NeedType::crew ? crews_ : kinds_).try_emplace(need.name);
}

void History::record(Slices& slices, SliceIndex slice, std::vector<proto::ActionDraft> actions) {
  slices[slice] = std::move(actions);
  if (slices.size() > kHistorySlicesMax) {
    slices.erase(slices.begin());
  }
  grown_ = true;
}

void History::completed(const CrewId& crew, SliceIndex slice,
                        const std::vector<proto::ActionDraft>& done) {
  if (const auto it = crews_.find(crew.value); it != crews_.end()) {
    record(it->second, slice, done);
  }
}

void History::binned(const Kind& kind, SliceIndex slice) {
  if (const auto it = kinds_.find(kind.value); it != kinds_.end() && !it->second.contains(slice)) {
    record(it->second, slice, {});
  }
}

const History::Slices* History::slices_of(const proto::Need& need) const {
  const Names& names = need.type == proto::NeedType::crew ? crews_ : kinds_;
  const auto it = names.find(need.name);
  return it == names.end() ? nullptr : &it->second;
}

std::optional<SliceIndex> History::first_from(const proto::Need& need, SliceIndex from) const {
  const Slices* slices = slices_of(need);
  if (slices == nullptr) {
    return std::nullopt;
  }
  const auto it = slices->lower_bound(from);
  return it == slices->end() ? std::nullopt : std::optional(it->first);
}

std::optional<SliceIndex> History::last_until(const proto::Need& need, SliceIndex to) const {
  const Slices* slices = slices_of(need);
  if (slices == nullptr) {
    return std::nullopt;
  }
  const auto it = slices->upper_bound(to);
  return it == slices->begin() ? std::nullopt : std::optional(std::prev(it)->first);
}

std::vector<proto::ActionDraft> History::actions(const CrewId& crew, SliceIndex slice) const {
  const auto slices = crews_.find(crew.value);
  if (slices == crews_.end()) {
    return {};
  }
  const auto it = slices->second.find(slice);
  return it == slices->second.end() ? std::vector<proto::ActionDraft>{} : it->second;
}

void History::forget_before(SliceIndex horizon) {
  if (!grown_) {
    return;
  }
  grown_ = false;
  for (Names* names : {&crews_, &kinds_}) {
    for (auto& [name, slices] : *names) {
      slices.erase(slices.begin(), slices.lower_bound(horizon));
    }
  }
}

HistoryContents History::contents(SliceIndex horizon) const {
  const auto since = [horizon](const Names& names) {
    Names out;
    for (const auto& [name, slices] : names) {
      if (const auto first = slices.lower_bound(horizon); first != slices.end()) {
        out[name] = Slices(first, slices.end());
      }
    }
    return out;
  };
  return {.crews = since(crews_), .kinds = since(kinds_)};
}

void History::restore(const HistoryContents& contents) {
  const auto take = [](Names& names, const Names& from) {
    for (auto& [name, slices] : names) {
      if (const auto it = from.find(name); it != from.end()) {
        slices = it->second;
      }
    }
  };
  take(crews_, contents.crews);
  take(kinds_, contents.kinds);
}

std::size_t History::size() const {
  std::size_t total = 0;
  for (const Names* names : {&crews_, &kinds_}) {
    for (const auto& [name, slices] : *names) {
      total += slices.size();
    }
  }
  return total;
}

}  // namespace lc::engine
