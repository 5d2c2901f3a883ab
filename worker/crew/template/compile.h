#pragma once

#include <memory>
#include <string_view>

#include "worker/crew/template/ast.h"
#include "worker/crew/template/evaluator.h"
#include "worker/crew/template/template.h"

namespace lc::crew {

/// What templates and patches have in common.
Result<std::unique_ptr<const TemplateProgram>> compile_program(std::string_view text,
                                                               const TemplateOptions& options);

/// Errors: as Template::render.
Status run_program(const TemplateProgram& program, const Document& variables, Meter& meter,
                   Output& output);

Outcome<void> check_size(std::size_t bytes, std::size_t bytes_max);

}  // namespace lc::crew
