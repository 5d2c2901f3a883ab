#pragma once

#include <sys/types.h>

#include <vector>

namespace lc::bench {

/// So many processes that do nothing but use a processor, as long as this lives; they die with this
/// process, whatever it dies of.
class BusyLoops {
 public:
  explicit BusyLoops(int count);
  BusyLoops(const BusyLoops&) = delete;
  BusyLoops& operator=(const BusyLoops&) = delete;
  ~BusyLoops();

 private:
  std::vector<pid_t> pids_;
};

/// Uses a processor for ever.
[[noreturn]] void spin();

}  // namespace lc::bench
