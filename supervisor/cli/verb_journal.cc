#include "supervisor/cli/journal_verbs.h"
#include "supervisor/cli/online.h"

namespace lc::cli {

void register_journal(Verbs& verbs) {
  verbs.push_back(journal_show_verb());
  verbs.push_back(journal_why_verb());
  verbs.push_back(journal_blame_verb());
  verbs.push_back(journal_ready_verb());
}

}  // namespace lc::cli
