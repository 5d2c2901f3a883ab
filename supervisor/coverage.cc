#include "supervisor/coverage.h"

namespace lc::supervisor {

std::vector<CrewId> Coverage::look(const std::set<CrewId>& nowhere, MonoTime now) {
  std::erase_if(gaps_, [&nowhere](const auto& entry) { return !nowhere.contains(entry.first); });
  std::vector<CrewId> due;
  for (const CrewId& crew : nowhere) {
    Gap& gap = gaps_.try_emplace(crew, Gap{.since = now}).first->second;
    if (!gap.is_told && now - gap.since >= kCoverageGrace) {
      gap.is_told = true;
      due.push_back(crew);
    }
  }
  return due;
}

}  // namespace lc::supervisor
