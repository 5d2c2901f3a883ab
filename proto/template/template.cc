#include "proto/template/template.h"

#include "proto/template/compile.h"
#include "proto/template/evaluator.h"
#include "proto/template/print.h"

namespace lc::templates {
namespace {

class PlainOutput : public Output {
 public:
  explicit PlainOutput(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  Outcome<void> text(std::string_view text) override {
    out_ += text;
    return check_size(out_.size(), bytes_max_);
  }
  Outcome<void> value(const Value& value, Meter& meter) override {
    LC_TRY_STATUS(append_text(out_, value, meter));
    return check_size(out_.size(), bytes_max_);
  }
  std::string take() { return std::move(out_); }

 private:
  std::size_t bytes_max_;
  std::string out_;
};

}  // namespace

Template::Template(std::unique_ptr<const TemplateProgram> program) : program_(std::move(program)) {}
Template::Template(Template&&) noexcept = default;
Template& Template::operator=(Template&&) noexcept = default;
Template::~Template() = default;

Result<Template> Template::compile(std::string_view text, TemplateOptions options) {
  LC_TRY(auto program, compile_program(text, options));
  return Template(std::move(program));
}

Result<std::string> Template::render(const Document& variables, RenderLimits limits) const {
  Meter meter(limits.steps_max);
  PlainOutput output(limits.bytes_max);
  LC_TRY_STATUS(run_program(*program_, variables, meter, output));
  return output.take();
}

}  // namespace lc::templates
