#include <unistd.h>

#include <string_view>

#include "supervisor/cli/about.h"
#include "supervisor/cli/run.h"

int main(int argc, char** argv) {
  lc::cli::Environment environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) {
      environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  lc::cli::Verbs verbs = lc::cli::all_verbs();
  lc::cli::register_about(verbs);
  lc::cli::Io io;
  return lc::cli::run_command(verbs, {argv + 1, argv + argc}, environment, io);
}
