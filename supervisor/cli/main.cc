#include <unistd.h>

#include "supervisor/cli/about.h"
#include "supervisor/cli/online.h"
#include "supervisor/cli/run.h"
#include "supervisor/worker_spec.h"

int main(int argc, char** argv) {
  const lc::cli::Environment environment = lc::supervisor::read_environment(environ);
  lc::cli::Verbs verbs = lc::cli::every_verb();
  lc::cli::register_about(verbs);
  lc::cli::Io io;
  return lc::cli::run_command(verbs, {argv + 1, argv + argc}, environment, io);
}
