#include "tests/bench/program.h"

#include <fmt/format.h>

#include <algorithm>

namespace lc::bench {

int run_program(std::span<const Command> commands, int argc, char** argv) {
  const Words all(argv + 1, argv + argc);
  const Words words(all.empty() ? all.begin() : all.begin() + 1, all.end());
  for (const Command& command : commands) {
    if (!all.empty() && all[0] == command.name &&
        std::ranges::find(command.word_counts, words.size()) != command.word_counts.end()) {
      return command.run(words);
    }
  }
  fmt::print(stderr, "{}: see the head of its source in tests/bench\n", argv[0]);
  return 64;
}

}  // namespace lc::bench
