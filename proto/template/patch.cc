#include "proto/template/patch.h"

#include <algorithm>

#include "common/text.h"
#include "proto/template/compile.h"
#include "proto/template/json_bridge.h"
#include "proto/template/patch_line.h"
#include "proto/template/patch_output.h"

namespace lc::templates {
namespace {

constexpr std::size_t kShownBytesMax = 120;  // of a line that is refused
constexpr int kContextDepthMax = 60;  // what readers of the context take, with room for its frame

int depth_of(const Document& document) {
  int depth = 0;
  if (document.is_structured()) {
    for (const Document& child : document) {
      depth = std::max(depth, depth_of(child));
    }
    ++depth;
  }
  return depth;
}

Result<proto::ContextDiff> diff_of(const PatchedContext& patched, const Document& before) {
  proto::ContextDiff diff;
  for (const std::string& key : patched.touched()) {
    const auto value = patched.ctx().find(key);
    if (value == patched.ctx().end()) {
      if (before.contains(key)) {
        diff.remove.push_back(key);
      }
      continue;
    }
    if (depth_of(*value) > kContextDepthMax) {
      return fail(ErrorCode::invalid_input, "ctx['" + key + "'] is nested more than " +
                                                std::to_string(kContextDepthMax) + " deep");
    }
    LC_TRY(diff.set[key], canonical_text(*value));
  }
  return diff;
}

Outcome<void> apply_line(std::string_view text, int number, const Document& variables,
                         PatchedContext& patched, Meter& meter) {
  LC_TRY_STATUS(meter.charge_bytes(text.size()));
  LC_TRY(const auto line, parse_patch_line(without_comment(text), number));
  return line ? patched.apply(*line, variables, meter) : Outcome<void>();
}

}  // namespace

Patch::Patch(std::unique_ptr<const TemplateProgram> program) : program_(std::move(program)) {}
Patch::Patch(Patch&&) noexcept = default;
Patch& Patch::operator=(Patch&&) noexcept = default;
Patch::~Patch() = default;

Result<Patch> Patch::compile(std::string_view text, TemplateOptions options) {
  LC_TRY(auto program, compile_program(text, options));
  return Patch(std::move(program));
}

Result<proto::ContextDiff> Patch::apply(const Document& variables, const Document& ctx,
                                        RenderLimits limits) const {
  if (!variables.is_object() || !ctx.is_object()) {
    return fail(ErrorCode::invalid_input,
                program_->name + ": the variables and ctx must be objects");
  }
  Meter meter(limits.steps_max);
  PatchOutput output(limits.bytes_max);
  Evaluator evaluator(variables, meter);
  evaluator.define("ctx", Value{Borrowed{&ctx}});
  if (auto done = evaluator.run(program_->body, output); !done) {
    return std::unexpected(to_error(program_->name, done.error()));
  }
  const std::string rendered = output.take();
  PatchedContext patched(ctx);
  std::string_view rest = rendered;
  for (int number = 1; !rest.empty(); ++number) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    if (auto done = apply_line(line, number, variables, patched, meter); !done) {
      Error error = to_error(program_->name + " (rendered)", done.error());
      error.message += " in the line: " + shorten(line, kShownBytesMax);
      return std::unexpected(std::move(error));
    }
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  }
  auto diff = diff_of(patched, ctx);
  return diff ? std::move(diff) : within(program_->name, std::move(diff).error());
}

}  // namespace lc::templates
