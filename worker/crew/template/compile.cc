#include "worker/crew/template/compile.h"

#include "worker/crew/template/parser.h"
#include "worker/crew/template/unicode.h"

namespace lc::crew {

Result<std::unique_ptr<const TemplateProgram>> compile_program(std::string_view text,
                                                               const TemplateOptions& options) {
  if (text.size() > options.bytes_max) {
    return fail(ErrorCode::invalid_input, options.name + ": has " + std::to_string(text.size()) +
                                              " bytes, more than " +
                                              std::to_string(options.bytes_max));
  }
  if (!is_utf8(text)) {
    return fail(ErrorCode::invalid_input, options.name + ": is not UTF-8");
  }
  auto parsed = parse_template(normalize_newlines(text));
  if (!parsed) {
    return std::unexpected(to_error(options.name, parsed.error()));
  }
  auto program = std::make_unique<TemplateProgram>(*std::move(parsed));
  program->name = options.name;
  return program;
}

Status run_program(const TemplateProgram& program, const Document& variables, Meter& meter,
                   Output& output) {
  if (!variables.is_object()) {
    return fail(ErrorCode::invalid_input, program.name + ": the variables are not an object");
  }
  if (auto done = Evaluator(variables, meter).run(program.body, output); !done) {
    return std::unexpected(to_error(program.name, done.error()));
  }
  return {};
}

Outcome<void> check_size(std::size_t bytes, std::size_t bytes_max) {
  if (bytes > bytes_max) {
    return std::unexpected(Fault{
        ErrorCode::overloaded, "renders more than " + std::to_string(bytes_max) + " bytes", {}});
  }
  return {};
}

}  // namespace lc::crew
