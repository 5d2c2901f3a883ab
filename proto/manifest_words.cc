// The words of a manifest as the file writes them; apart from the reader, so that the engine can
// use them without linking a parser.

#include <fmt/format.h>

#include "proto/manifest.h"

namespace lc::proto {

std::string need_label(const Need& need) {
  return fmt::format("{}@{}", need.name, need.offset);
}

std::string_view to_string(NeedType type) {
  return type == NeedType::crew ? "crew" : "event";
}

std::string_view to_string(WaitPolicy policy) {
  switch (policy) {
    case WaitPolicy::all:
      return "all";
    case WaitPolicy::any:
      return "any";
    case WaitPolicy::none:
      return "none";
    case WaitPolicy::timeout:
      return "timeout";
  }
  return {};
}

std::string_view to_string(BacklogPolicy policy) {
  return policy == BacklogPolicy::fifo ? "fifo" : "latest";
}

std::string_view to_string(DispatchMode mode) {
  return mode == DispatchMode::slice ? "slice" : "event";
}

std::string_view to_string(SandboxLevel level) {
  switch (level) {
    case SandboxLevel::off:
      return "off";
    case SandboxLevel::standard:
      return "standard";
    case SandboxLevel::strict:
      return "strict";
  }
  return {};
}

std::int64_t spare_count(const Manifest& manifest) {
  return manifest.spare.value_or(manifest.timeout_ms ? 1 : 0);
}

std::string wait_policy_text(const Manifest& manifest) {
  const std::string word(to_string(manifest.wait_policy));
  return manifest.wait_policy == WaitPolicy::timeout
             ? fmt::format("{}:{}", word, manifest.wait_timeout_ms)
             : word;
}

}  // namespace lc::proto
