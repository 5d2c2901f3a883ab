#include "supervisor/cli/online.h"

namespace lc::cli {

Verbs every_verb() {
  Verbs verbs;
  register_run(verbs);
  register_process(verbs);
  register_traffic(verbs);
  register_record(verbs);
  register_replay(verbs);
  register_journal(verbs);
  register_admin(verbs);
  register_doctor(verbs);
  for (Verb& verb : all_verbs()) {
    verbs.push_back(std::move(verb));
  }
  return verbs;
}

}  // namespace lc::cli
