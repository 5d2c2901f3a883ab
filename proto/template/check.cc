#include "proto/template/check.h"

#include <algorithm>
#include <string>

#include "proto/template/compile.h"
#include "proto/template/patch_line.h"
#include "proto/template/patch_output.h"

namespace lc::templates {
namespace {

std::vector<std::string_view> variables_for(TemplateUse use) {
  std::vector<std::string_view> names(kReactionVariables.begin(), kReactionVariables.end());
  if (use != TemplateUse::prompt) {
    names.emplace_back("generated");
  }
  if (use == TemplateUse::patch) {
    names.emplace_back("outputs");
  }
  std::ranges::sort(names);
  return names;
}

std::string hint_for(std::string_view name, const std::vector<std::string_view>& known) {
  if (const std::string_view meant = nearest(name, known); !meant.empty()) {
    return "did you mean '" + std::string(meant) + "'?";
  }
  std::string words = "there are";
  for (const std::string_view word : known) {
    words.append(word == known.front() ? " " : ", ").append(word);
  }
  return words;
}

TemplateProblem unknown_name(const FreeName& free, const std::vector<std::string_view>& known) {
  return {.severity = Severity::warning,
          .message = "'" + free.name + "' has no value here",
          .hint = hint_for(free.name, known),
          .line = free.place.line,
          .column = free.place.column};
}

TemplateProblem error_of(const Fault& fault) {
  return {.severity = Severity::error,
          .message = fault.message,
          .hint = {},
          .line = std::max(1, fault.place.line),
          .column = std::max(1, fault.place.column)};
}

// The lines that are written out whole, wherever they stand: they will be lines of the patch as
// they are. What shares its line with a tag is known when it is rendered.
class WholeLines {
 public:
  WholeLines(const std::vector<std::string_view>& known, std::vector<TemplateProblem>& problems)
      : known_(known), problems_(problems) {}

  enum class Edges { of_the_text, of_tags };

  void check_block(const Block& block, Edges edges) {
    for (const Statement& statement : block) {
      if (statement.kind == StatementKind::text) {
        const bool whole = edges == Edges::of_the_text;
        check_text(statement, whole && &statement == &block.front(),
                   whole && &statement == &block.back());
      }
      for (const Branch& branch : statement.branches) {
        check_block(branch.body, Edges::of_tags);
      }
      check_block(statement.body, Edges::of_tags);
      check_block(statement.otherwise, Edges::of_tags);
    }
  }

 private:
  void check_text(const Statement& statement, bool starts_a_line, bool ends_a_line) {
    std::string_view rest = statement.text;
    for (int line = 0;; ++line) {
      const std::size_t end = rest.find('\n');
      const bool is_last = end == std::string_view::npos;
      if ((line > 0 || starts_a_line) && (!is_last || ends_a_line)) {
        check_line(rest.substr(0, end), statement.place.line + line);
      }
      if (is_last) {
        return;
      }
      rest.remove_prefix(end + 1);
    }
  }

  void check_line(std::string_view text, int number) {
    const auto line = parse_patch_line(without_comment(text), number);
    if (!line) {
      problems_.push_back(error_of(line.error()));
      return;
    }
    for (const FreeName& free : *line ? (*line)->names : std::vector<FreeName>{}) {
      if (!std::ranges::binary_search(known_, free.name)) {
        problems_.push_back(unknown_name(free, known_));
      }
    }
  }

  const std::vector<std::string_view>& known_;
  std::vector<TemplateProblem>& problems_;
};

}  // namespace

std::vector<TemplateProblem> check_template(std::string_view text, TemplateUse use) {
  const auto program = parse_text(text, kTemplateBytesMax);
  if (!program) {
    return {error_of(program.error())};
  }
  std::vector<TemplateProblem> problems;
  const std::vector<std::string_view> known = variables_for(use);
  for (const FreeName& free : program->names) {
    if (!std::ranges::binary_search(known, free.name)) {
      problems.push_back(unknown_name(free, known));
    }
  }
  if (use == TemplateUse::patch) {
    WholeLines(known, problems).check_block(program->body, WholeLines::Edges::of_the_text);
  }
  return problems;
}

}  // namespace lc::templates
