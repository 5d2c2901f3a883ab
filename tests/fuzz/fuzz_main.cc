// The entry point that libFuzzer calls, for the one target that LC_FUZZ_TARGET names.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "common/check.h"
#include "tests/fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const lc::fuzz::Target* const target = [] {
    const auto all = lc::fuzz::targets();
    const auto it = std::ranges::find(all, LC_FUZZ_TARGET, &lc::fuzz::Target::name);
    LC_ASSERT(it != all.end());
    return &*it;
  }();
  target->run({reinterpret_cast<const char*>(data), size});
  return 0;
}
