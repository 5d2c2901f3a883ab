#include "proto/template/patch_line.h"

#include <algorithm>

#include "proto/template/evaluator.h"
#include "proto/template/parser.h"
#include "proto/template/print.h"

namespace lc::templates {
namespace {

constexpr std::size_t kPathDepthMax = 32;

struct Augmented {
  std::string_view symbol;
  BinaryOp op;
};
constexpr Augmented kAugmented[] = {{"+", BinaryOp::add},
                                    {"-", BinaryOp::subtract},
                                    {"*", BinaryOp::multiply},
                                    {"/", BinaryOp::divide},
                                    {"//", BinaryOp::floor_divide}};

Outcome<void> check_target(const Expression& target) {
  const Expression* part = &target;
  std::size_t depth = 0;
  while (part->kind == ExpressionKind::attribute || part->kind == ExpressionKind::item) {
    part = part->operands[0].get();
    ++depth;
  }
  if (part->kind != ExpressionKind::name || part->text != "ctx" || depth == 0) {
    return fault("a line must set or delete a part of ctx: ctx['key'] = value", target.place);
  }
  if (depth > kPathDepthMax) {
    return fault("the path has more than " + std::to_string(kPathDepthMax) + " parts",
                 target.place);
  }
  return {};
}

Outcome<void> parse_operator(TokenStream& tokens, PatchLine& line) {
  const Token& ahead = tokens.ahead();
  const bool assigns_ahead = ahead.kind == TokenKind::symbol && ahead.text == "=";
  const auto* found =
      std::find_if(std::begin(kAugmented), std::end(kAugmented),
                   [&tokens](const Augmented& each) { return tokens.is_symbol(each.symbol); });
  if (found != std::end(kAugmented) && assigns_ahead) {
    line.action = PatchLine::Action::operate;
    line.op = found->op;
    tokens.next();
  }
  return tokens.expect_symbol("=");
}

std::string_view json_kind(const Document& document) {
  return document.is_object()    ? "an object"
         : document.is_array()   ? "a list"
         : document.is_string()  ? "a string"
         : document.is_boolean() ? "a boolean"
         : document.is_null()    ? "none"
                                 : "a number";
}

}  // namespace

Outcome<std::optional<PatchLine>> parse_patch_line(std::string_view text, int number) {
  LC_TRY(std::vector<Token> list, tokenize(text, LexerMode::inside_tag, Place{number, 1}));
  TokenStream tokens(text, std::move(list));
  if (tokens.current().kind == TokenKind::end) {
    return std::nullopt;
  }
  PatchLine line;
  ExpressionParser parser(tokens);
  const bool removes = tokens.is_name("del");
  if (removes) {
    line.action = PatchLine::Action::remove;
    tokens.next();
  }
  LC_TRY(line.target, parser.postfixed());
  LC_TRY_STATUS(check_target(*line.target));
  if (!removes) {
    LC_TRY_STATUS(parse_operator(tokens, line));
    LC_TRY(line.value, parser.tuple());
  }
  if (tokens.current().kind != TokenKind::end) {
    return tokens.unexpected_token("the end of the line");
  }
  line.names = parser.free_names();
  return line;
}

std::string PatchedContext::text_of_path(const Path& path, std::size_t depth) {
  std::string text = "ctx";
  for (std::size_t i = 0; i < depth; ++i) {
    if (const auto* key = std::get_if<std::string>(&path[i])) {
      Meter meter(1'000'000);
      text += '[';
      if (!append_repr(text, make_borrowed_text(*key), meter)) {
        text += "...";
      }
      text += ']';
    } else {
      text += "[" + std::to_string(std::get<std::int64_t>(path[i])) + "]";
    }
  }
  return text;
}

// The member or item of `parent` that path[depth] names.
Outcome<Document*> PatchedContext::descend(Document& parent, const Path& path, std::size_t depth,
                                           Missing missing) {
  const std::string here = text_of_path(path, depth + 1);
  if (const auto* key = std::get_if<std::string>(&path[depth])) {
    if (!parent.is_object()) {
      return fault("cannot set or delete " + here + ": " + text_of_path(path, depth) + " is " +
                   std::string(json_kind(parent)) + ", not an object");
    }
    const auto found = parent.find(*key);
    if (found != parent.end()) {
      return &*found;
    }
    if (missing == Missing::refuse) {
      return fault(here + " does not exist");
    }
    return &(parent[*key] = depth + 1 < path.size() ? Document::object() : Document());
  }
  if (!parent.is_array()) {
    return fault("cannot set or delete " + here + ": " + text_of_path(path, depth) + " is " +
                 std::string(json_kind(parent)) + ", not a list");
  }
  const auto size = static_cast<std::int64_t>(parent.size());
  std::int64_t index = std::get<std::int64_t>(path[depth]);
  index += index < 0 ? size : 0;
  if (index < 0 || index >= size) {
    return fault(here + " does not exist: the list has " + std::to_string(size) + " items");
  }
  return &parent[static_cast<std::size_t>(index)];
}

Outcome<void> PatchedContext::remove(const Path& path) {
  Document* parent = &ctx_;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    LC_TRY(parent, descend(*parent, path, i, Missing::refuse));
  }
  LC_TRY_STATUS(descend(*parent, path, path.size() - 1, Missing::refuse));
  if (const auto* key = std::get_if<std::string>(&path.back())) {
    parent->erase(*key);
  } else {
    const std::int64_t index = std::get<std::int64_t>(path.back());
    const auto size = static_cast<std::int64_t>(parent->size());
    parent->erase(static_cast<std::size_t>(index < 0 ? index + size : index));
  }
  return {};
}

Outcome<void> PatchedContext::apply(const PatchLine& line, const Document& variables,
                                    Meter& meter) {
  Evaluator evaluator(variables, meter);
  LC_TRY(Value seen, borrow(ctx_));
  evaluator.define("ctx", std::move(seen));
  Path path;
  for (const Expression* part = line.target.get(); !part->operands.empty();
       part = part->operands[0].get()) {
    if (part->kind == ExpressionKind::attribute) {
      path.emplace_back(part->text);
      continue;
    }
    LC_TRY(const Value key, evaluator.evaluate(*part->operands[1]));
    if (const auto* undefined = as_undefined(key)) {
      return undefined_fault(*undefined);
    }
    if (const Text* text = as_text(key)) {
      path.emplace_back(std::string(text->view));
    } else if (const auto* index = std::get_if<std::int64_t>(&key.data)) {
      path.emplace_back(*index);
    } else {
      return fault("a part of a path must be a string or a whole number, not a value of type " +
                       std::string(kind_name(key)),
                   part->operands[1]->place);
    }
  }
  std::reverse(path.begin(), path.end());
  Document fresh;
  if (line.value) {
    LC_TRY(const Value value, evaluator.evaluate(*line.value));
    LC_TRY(fresh, located(to_document(value), line.value->place));
  }
  const auto change = [this, &line, &path, &fresh, &meter]() -> Outcome<void> {
    if (line.action == PatchLine::Action::remove) {
      return remove(path);
    }
    const bool operates = line.action == PatchLine::Action::operate;
    Document* place = &ctx_;
    for (std::size_t i = 0; i < path.size(); ++i) {
      LC_TRY(place, descend(*place, path, i, operates ? Missing::refuse : Missing::create));
    }
    if (operates) {
      LC_TRY(const Value old, borrow(*place));
      LC_TRY(const Value more, borrow(fresh));
      LC_TRY(const Value result, operate(line.op, old, more, meter));
      LC_TRY(fresh, to_document(result));
    }
    *place = std::move(fresh);
    return {};
  };
  LC_TRY_STATUS(located(change(), line.target->place));
  touched_.insert(std::get<std::string>(path.front()));
  return {};
}

}  // namespace lc::templates
