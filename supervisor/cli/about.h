#pragma once

#include <string>

#include "supervisor/cli/verb.h"

namespace lc::cli {

/// The verbs that speak about the others: help, completion, man, version. Comes last, when `verbs`
/// holds all others; they read `verbs`, which must outlive them.
void register_about(Verbs& verbs);

enum class Shell { bash, zsh, fish };
std::string completion_script(const Verbs& verbs, Shell shell);

/// The manual page live-crew(1) as roff.
std::string manual_page(const Verbs& verbs);

/// The manual page lcsupervisor(8): the verb `run`, which must be there.
std::string service_page(const Verbs& verbs);

}  // namespace lc::cli
