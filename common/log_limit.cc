#include "common/log_limit.h"

namespace lc {

LogLimiter::Verdict LogLimiter::on_line(std::string_view msg, std::string_view crew, MonoTime now) {
  if (windows_.size() >= kPairsMax) {
    std::erase_if(windows_, [&](const auto& one) { return now - one.second.start >= window_; });
    if (windows_.size() >= kPairsMax) {
      windows_.clear();
    }
  }
  auto [found, fresh] =
      windows_.try_emplace({std::string(msg), std::string(crew)}, Window{.start = now});
  Window& window = found->second;
  if (now - window.start >= window_) {
    int suppressed = window.suppressed;
    window = {.start = now, .lines = 1};
    return {.write = true, .suppressed = suppressed};
  }
  if (window.lines >= burst_) {
    ++window.suppressed;
    return {.write = false};
  }
  ++window.lines;
  return {};
}

}  // namespace lc
