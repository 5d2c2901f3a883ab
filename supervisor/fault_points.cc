#include "supervisor/fault_points.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>

#include "common/check.h"

namespace lc::supervisor {
namespace {

constexpr std::array<std::string_view, 8> kNames = {
    "appended", "checkpoint", "decided", "delivered", "dispatched", "kept", "left", "snapshot",
};

bool is_name(std::string_view name) {
  return std::ranges::find(kNames, name) != kNames.end();
}

}  // namespace

Result<FaultPoints> FaultPoints::create(std::string_view specification) {
  const std::size_t colon = specification.find(':');
  const std::string_view name = specification.substr(0, colon);
  const std::string_view count =
      colon == std::string_view::npos ? "" : specification.substr(colon + 1);
  FaultPoints faults;
  const auto [end, error] =
      std::from_chars(count.data(), count.data() + count.size(), faults.left_);
  const bool counted = error == std::errc{} && end == count.data() + count.size();
  if (!is_name(name) || !counted || faults.left_ < 1) {
    return fail(ErrorCode::invalid_input,
                fmt::format("LIVE_CREW_FAULT '{}' is not NAME:N with N from 1 and NAME one of {}",
                            specification, fmt::join(kNames, ", ")));
  }
  faults.name_ = name;
  return faults;
}

void FaultPoints::pass(std::string_view name) {
  LC_ASSERT(is_name(name));
  if (name == name_ && --left_ == 0) {
    ::kill(::getpid(), SIGKILL);
  }
}

}  // namespace lc::supervisor
