#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "common/result.h"
#include "common/yaml.h"

namespace lc::worker {

/// A value of a prompt crew's output: the YAML that the author wrote, every string in it a
/// template.
///
/// A string that is a single `{{ expression }}` keeps the JSON type of its value, so that
/// `home: "{{ ctx['score']['home'] }}"` is a number; with anything beside it, it is text.
class OutputValue {
 public:
  /// Errors: invalid_input - `path:line:column: ...` of the template that is wrong.
  static Result<OutputValue> compile(const YamlNode& node, const std::string& path);

  OutputValue(OutputValue&&) noexcept;
  OutputValue& operator=(OutputValue&&) noexcept;
  ~OutputValue();

  Result<nlohmann::ordered_json> render(const nlohmann::ordered_json& variables) const;

 private:
  struct Shape;
  explicit OutputValue(std::unique_ptr<Shape> shape);

  std::unique_ptr<Shape> shape_;
};

/// The expression of a text that is a single `{{ expression }}`, or empty.
std::string_view single_expression(std::string_view text);

}  // namespace lc::worker
