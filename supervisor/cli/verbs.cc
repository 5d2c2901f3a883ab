#include "supervisor/cli/verb.h"

namespace lc::cli {

Verbs all_verbs(const proto::CheckTemplate& check_template) {
  Verbs verbs;
  register_validate(verbs, check_template);
  register_graph(verbs);
  register_config(verbs);
  register_slice(verbs);
  register_messages(verbs);
  register_ctx(verbs);
  register_simulate(verbs);
  return verbs;
}

}  // namespace lc::cli
