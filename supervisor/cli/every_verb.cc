#include "common/log.h"
#include "supervisor/cli/online.h"

namespace lc::cli {

void log_errors_only(const Args& args) {
  LogConfig log;
  log.level = LogLevel::error;
  if (args.environment().contains("LOG_LEVEL")) {
    if (auto configured = log_config_from_environment()) {
      log = *configured;
    }
  }
  set_log_config(log);
}

Verbs every_verb() {
  Verbs verbs;
  register_run(verbs);
  register_process(verbs);
  register_traffic(verbs);
  register_record(verbs);
  register_replay(verbs);
  register_test(verbs);
  register_journal(verbs);
  register_admin(verbs);
  register_doctor(verbs);
  for (Verb& verb : all_verbs()) {
    verbs.push_back(std::move(verb));
  }
  return verbs;
}

}  // namespace lc::cli
