#pragma once

#include <string>

#include "supervisor/engine/effect.h"

namespace lc::test {

/// One line a person can read, which differs whenever the effects differ in anything.
std::string effect_text(const engine::Effect& effect);

/// A line for each effect.
std::string effects_text(const engine::Effects& effects);

}  // namespace lc::test
