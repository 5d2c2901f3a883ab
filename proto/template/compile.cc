#include "proto/template/compile.h"

#include "proto/template/parser.h"
#include "proto/template/unicode.h"

namespace lc::templates {

Outcome<TemplateProgram> parse_text(std::string_view text, std::size_t bytes_max) {
  if (text.size() > bytes_max) {
    return fault("has " + std::to_string(text.size()) + " bytes, more than " +
                 std::to_string(bytes_max));
  }
  if (!is_utf8(text)) {
    return fault("is not UTF-8");
  }
  return parse_template(normalize_newlines(text));
}

Result<std::unique_ptr<const TemplateProgram>> compile_program(std::string_view text,
                                                               const TemplateOptions& options) {
  auto parsed = parse_text(text, options.bytes_max);
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

}  // namespace lc::templates
