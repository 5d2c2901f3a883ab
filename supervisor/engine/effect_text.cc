#include "supervisor/engine/effect_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "proto/action.h"
#include "proto/context.h"
#include "proto/error_report.h"
#include "proto/slice.h"

namespace lc::engine {
namespace {

std::string text(const Dispatch& effect) {
  return "dispatch " + proto::write_ready(effect.ready);
}

std::string text(const PublishAction& effect) {
  return fmt::format("action {} {} {} {}", effect.msg_id, effect.crew.value, effect.slice.value,
                     proto::write_action(effect.action));
}

std::string text(const PublishSnapshot& effect) {
  return fmt::format("snapshot {} {}",
                     effect.change == SnapshotChange::changed ? "changed" : "same",
                     proto::write_snapshot(effect.snapshot));
}

std::string text(const ReportError& effect) {
  return "error " + proto::write_error_report(effect.report);
}

std::string text(const ReactionEnded& effect) {
  return fmt::format("ended {} {} {} {}", effect.crew.value, effect.slice.value,
                     effect.attempt.value, proto::to_string(effect.outcome));
}

std::string text(const CrewStruck& effect) {
  return fmt::format("struck {} {}", effect.crew.value, effect.strikes);
}

std::string text(const CrewDisabled& effect) {
  return fmt::format("disabled {} {}", effect.crew.value, effect.reason);
}

std::string text(const CrewEnabled& effect) {
  return "enabled " + effect.crew.value;
}

std::string text(const EventBinned& effect) {
  const std::string late =
      effect.orig_slice ? fmt::format(" late from {}", effect.orig_slice->value) : "";
  return fmt::format("binned {} into {}{}", effect.seq.value, effect.slice.value, late);
}

std::string text(const SliceClosed& effect) {
  std::string line = fmt::format("closed {} events={} ready=[", effect.slice.value, effect.events);
  for (const CrewId& crew : effect.ready) {
    line += crew.value + " ";
  }
  line += "] waiting=[";
  for (const CrewWaiting& waiting : effect.waiting) {
    line += fmt::format("{}:{} ", waiting.crew.value, fmt::join(waiting.unmet, ","));
  }
  return line + "]";
}

std::string text(const Finished&) {
  return "finished";
}

}  // namespace

std::string effect_text(const Effect& effect) {
  return std::visit([](const auto& concrete) { return text(concrete); }, effect);
}

std::string effects_text(const Effects& effects) {
  std::string lines;
  for (const Effect& effect : effects) {
    lines += effect_text(effect);
    lines += '\n';
  }
  return lines;
}

}  // namespace lc::engine
