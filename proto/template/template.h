#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "common/result.h"

namespace lc::templates {

inline constexpr std::size_t kTemplateBytesMax = std::size_t{64} << 10;
inline constexpr int kTemplateDepthMax = 100;  // brackets, statements and operators in each other
inline constexpr std::size_t kRenderBytesMax = std::size_t{256} << 10;
inline constexpr std::int64_t kRenderStepsMax = 1'000'000;

struct TemplateOptions {
  std::string name = "template";  // names the text in errors: `user_template:1:4: ...`
  std::size_t bytes_max = kTemplateBytesMax;
};

/// A step is one evaluated expression or statement, one list item or 16 bytes of text made.
struct RenderLimits {
  std::size_t bytes_max = kRenderBytesMax;
  std::int64_t steps_max = kRenderStepsMax;
};

struct TemplateProgram;

/// A text template in a strict subset of Jinja2, compiled once and rendered many times.
///
/// What is in the subset gives Jinja2's bytes (StrictUndefined, no autoescape); what is not is an
/// error of `compile` that names the construct. README.md of this folder lists both.
class Template {
 public:
  /// Errors: invalid_input - `name:line:column: ...`, not UTF-8, outside the subset, or too large.
  static Result<Template> compile(std::string_view text, TemplateOptions options = {});

  Template(Template&&) noexcept;
  Template& operator=(Template&&) noexcept;
  ~Template();

  /// Renders over `variables`, an object whose members are the template's names.
  ///
  /// Errors: invalid_input - `name:line:column: 'x' is undefined` and other faults of the data;
  /// overloaded - a limit is reached.
  Result<std::string> render(const nlohmann::ordered_json& variables,
                             RenderLimits limits = {}) const;

 private:
  explicit Template(std::unique_ptr<const TemplateProgram> program);

  std::unique_ptr<const TemplateProgram> program_;
};

}  // namespace lc::templates
