#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proto/template/ast.h"
#include "proto/template/value.h"

namespace lc::templates {

/// One line of a patch: `path = value`, `path op= value` or `del path`.
struct PatchLine {
  enum class Action { assign, operate, remove };
  Action action = Action::assign;
  BinaryOp op = BinaryOp::add;
  ExpressionPtr target;         // names and keys behind `ctx`
  ExpressionPtr value;          // null: remove
  std::vector<FreeName> names;  // that are read, sorted
};

/// Parses a line without its comment; nothing when it is blank.
Outcome<std::optional<PatchLine>> parse_patch_line(std::string_view line, int number);

/// A context while a patch is applied to it.
class PatchedContext {
 public:
  explicit PatchedContext(Document ctx) : ctx_(std::move(ctx)) {}

  Outcome<void> apply(const PatchLine& line, const Document& variables, Meter& meter);

  const Document& ctx() const { return ctx_; }
  const std::set<std::string>& touched() const { return touched_; }

 private:
  using Part = std::variant<std::string, std::int64_t>;
  using Path = std::vector<Part>;
  enum class Missing { create, refuse };

  Outcome<Document*> descend(Document& parent, const Path& path, std::size_t depth,
                             Missing missing);
  Outcome<void> remove(const Path& path);
  static std::string text_of_path(const Path& path, std::size_t depth);

  Document ctx_;
  std::set<std::string> touched_;
};

}  // namespace lc::templates
