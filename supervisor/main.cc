#include <unistd.h>

#include "supervisor/run.h"

int main(int argc, char** argv) {
  return lc::supervisor::run_supervisor(argc, argv, lc::supervisor::read_environment(environ),
                                        "lcsupervisor");
}
