#include "supervisor/cli/verb.h"

namespace lc::cli {

Verbs all_verbs() {
  Verbs verbs;
  register_validate(verbs);
  register_graph(verbs);
  register_config(verbs);
  register_slice(verbs);
  register_messages(verbs);
  register_ctx(verbs);
  register_simulate(verbs);
  return verbs;
}

}  // namespace lc::cli
