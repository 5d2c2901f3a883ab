#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// How every program here is told what to measure: `PROGRAM COMMAND WORD...`.
namespace lc::bench {

using Words = std::vector<std::string>;

struct Command {
  std::string_view name;
  std::vector<std::size_t> word_counts;  // after the name
  std::function<int(const Words&)> run;
};

/// Runs the command that the arguments name; else says where they are described. The exit code.
int run_program(std::span<const Command> commands, int argc, char** argv);

}  // namespace lc::bench
