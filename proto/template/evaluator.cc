#include "proto/template/evaluator.h"

#include <algorithm>

namespace lc::templates {

Outcome<void> Evaluator::run(const Block& block, Output& output) {
  for (const Statement& statement : block) {
    const Place place = statement.expression ? statement.expression->place : statement.place;
    LC_TRY_STATUS(located(run_one(statement, output), place));
  }
  return {};
}

Outcome<void> Evaluator::run_one(const Statement& statement, Output& output) {
  LC_TRY_STATUS(meter_.charge(1));
  switch (statement.kind) {
    case StatementKind::text:
      LC_TRY_STATUS(meter_.charge_bytes(statement.text.size()));
      return output.text(statement.text);
    case StatementKind::output: {
      LC_TRY(const Value value, evaluate(*statement.expression));
      return output.value(value, meter_);
    }
    case StatementKind::conditional:
      return run_conditional(statement, output);
    case StatementKind::loop:
      return run_loop(statement, output);
    case StatementKind::assignment: {
      LC_TRY(const Value value, evaluate(*statement.expression));
      return assign(statement.target, value);
    }
  }
  return {};
}

Outcome<void> Evaluator::run_conditional(const Statement& statement, Output& output) {
  for (const Branch& branch : statement.branches) {
    bool is_taken = true;
    if (branch.condition) {
      LC_TRY(const Value value, evaluate(*branch.condition));
      LC_TRY(is_taken, located(truth(value), branch.condition->place));
    }
    if (is_taken) {
      return run(branch.body, output);
    }
  }
  return {};
}

Outcome<std::vector<Value>> Evaluator::loop_items(const Statement& statement) {
  LC_TRY(const Value source, evaluate(*statement.expression));
  LC_TRY(std::vector<Value> items, iterate(source, meter_));
  if (!statement.filter) {
    return items;
  }
  std::vector<Value> kept;
  for (Value& item : items) {
    LC_TRY_STATUS(assign(statement.target, item));
    LC_TRY(const Value answer, evaluate(*statement.filter));
    LC_TRY(const bool is_kept, truth(answer));
    if (is_kept) {
      kept.push_back(std::move(item));
    }
  }
  return kept;
}

Outcome<void> Evaluator::run_loop(const Statement& statement, Output& output) {
  const std::size_t outer_begin = scope_begin_;
  const std::size_t begin = locals_.size();
  // What `set` makes inside a loop ends with the iteration.
  const auto in_scope = [this, begin, outer_begin](auto&& body) {
    scope_begin_ = begin;
    Outcome<void> done = body();
    locals_.resize(begin);
    scope_begin_ = outer_begin;
    return done;
  };
  std::vector<Value> items;
  LC_TRY_STATUS(in_scope([this, &statement, &items, begin, outer_begin]() -> Outcome<void> {
    if (!statement.filter) {
      scope_begin_ = outer_begin;
    }
    LC_TRY(items, loop_items(statement));
    scope_begin_ = begin;
    return {};
  }));
  if (items.empty()) {
    return in_scope([this, &statement, &output]() { return run(statement.otherwise, output); });
  }
  loops_.push_back(Loop{items, 0});
  Outcome<void> done;
  for (std::size_t i = 0; i < items.size() && done; ++i) {
    loops_.back().index = i;
    done = in_scope([this, &statement, &output, &item = items[i]]() -> Outcome<void> {
      LC_TRY_STATUS(assign(statement.target, item));
      return run(statement.body, output);
    });
  }
  loops_.pop_back();
  return done;
}

void Evaluator::define(std::string_view name, Value value) {
  for (std::size_t i = scope_begin_; i < locals_.size(); ++i) {
    if (locals_[i].first == name) {
      locals_[i].second = std::move(value);
      return;
    }
  }
  locals_.emplace_back(name, std::move(value));
}

Outcome<void> Evaluator::assign(const Target& target, const Value& value) {
  if (!target.name.empty()) {
    define(target.name, value);
    return {};
  }
  auto items = iterate(value, meter_);
  if (!items) {
    return std::unexpected(std::move(items).error());
  }
  if (items->size() != target.parts.size()) {
    return fault("needs " + std::to_string(target.parts.size()) + " values for the names, not " +
                     std::to_string(items->size()),
                 target.place);
  }
  for (std::size_t i = 0; i < items->size(); ++i) {
    LC_TRY_STATUS(assign(target.parts[i], (*items)[i]));
  }
  return {};
}

}  // namespace lc::templates
