#pragma once

#include <memory>
#include <string_view>

#include "proto/template/ast.h"
#include "proto/template/evaluator.h"
#include "proto/template/template.h"

namespace lc::templates {

/// What templates and patches have in common.
Outcome<TemplateProgram> parse_text(std::string_view text, std::size_t bytes_max);

/// The same with a name for the text, to be kept.
Result<std::unique_ptr<const TemplateProgram>> compile_program(std::string_view text,
                                                               const TemplateOptions& options);

/// Errors: as Template::render.
Status run_program(const TemplateProgram& program, const Document& variables, Meter& meter,
                   Output& output);

Outcome<void> check_size(std::size_t bytes, std::size_t bytes_max);

}  // namespace lc::templates
