#include <unistd.h>

#include <string>
#include <vector>

#include "supervisor/cli/about.h"
#include "supervisor/cli/online.h"
#include "supervisor/cli/run.h"
#include "supervisor/worker_spec.h"

// lcsupervisor is `live-crew run` for service managers: the same words, the same exit codes.
int main(int argc, char** argv) {
  const lc::cli::Environment environment = lc::supervisor::read_environment(environ);
  std::vector<std::string> words(argv + 1, argv + argc);
  if (words.empty() || (words[0] != "--version" && words[0] != "-V")) {
    words.insert(words.begin(), "run");
  }
  lc::cli::Verbs verbs;
  lc::cli::register_run(verbs);
  lc::cli::register_about(verbs);
  lc::cli::Io io;
  return lc::cli::run_command(verbs, words, environment, io);
}
