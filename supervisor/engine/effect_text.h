#pragma once

#include <string>

#include "supervisor/engine/effect.h"

namespace lc::engine {

/// One line a person can read, which differs whenever what was decided differs in anything. What is
/// known of a worker's process is no decision, and is not in it.
std::string effect_text(const Effect& effect);

/// A line for each effect.
std::string effects_text(const Effects& effects);

}  // namespace lc::engine
