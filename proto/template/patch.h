#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "common/result.h"
#include "proto/context.h"
#include "proto/template/template.h"

namespace lc::templates {

/// A `patch_template`: a template whose rendered lines are assignments to `ctx`.
///
/// Each line is `ctx[path]... = expr`, `ctx.path = expr`, `ctx[path] += expr`, `del ctx[path]`,
/// blank or a `#` comment. A value that `{{ }}` inserts is always data: inside quotes it is escaped
/// for them, outside it becomes a literal in brackets, so no value can add, end or change a line.
class Patch {
 public:
  /// Errors: invalid_input - as Template::compile.
  static Result<Patch> compile(std::string_view text, TemplateOptions options = {});

  Patch(Patch&&) noexcept;
  Patch& operator=(Patch&&) noexcept;
  ~Patch();

  /// What the patch changes in `ctx`, an object; nothing is half applied.
  ///
  /// Expressions see `variables`, and `ctx` with the assignments of earlier lines in place of any
  /// `variables["ctx"]`; `{{ }}` sees `ctx` as it was.
  /// Errors: invalid_input - `name:line:column: ...`, the line counted in the rendered text for
  /// what a line does, in the template for `{{ }}`; overloaded - a limit is reached.
  Result<proto::ContextDiff> apply(const nlohmann::ordered_json& variables,
                                   const nlohmann::ordered_json& ctx,
                                   RenderLimits limits = {}) const;

 private:
  explicit Patch(std::unique_ptr<const TemplateProgram> program);

  std::unique_ptr<const TemplateProgram> program_;
};

}  // namespace lc::templates
