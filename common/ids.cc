#include "common/ids.h"

#include <algorithm>

#include "common/text.h"

namespace lc {
namespace {

enum class Dash { refused, allowed };

bool is_name_char(char c, Dash dash) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
         (dash == Dash::allowed && c == '-');
}

Status check_name(std::string_view what, std::string_view text, std::size_t chars_max, Dash dash) {
  const std::string pattern =
      std::string(dash == Dash::allowed ? "[A-Za-z0-9_-]" : "[A-Za-z0-9_]") + "{1," +
      std::to_string(chars_max) + "}";
  if (text.empty()) {
    return fail(ErrorCode::invalid_input,
                std::string(what) + " is empty; it must match " + pattern);
  }
  const bool chars_ok = std::ranges::all_of(text, [dash](char c) { return is_name_char(c, dash); });
  if (text.size() > chars_max || !chars_ok) {
    const std::string shown = valid_utf8(shorten(text, chars_max + 10));
    return fail(ErrorCode::invalid_input,
                std::string(what) + " '" + shown + "' must match " + pattern);
  }
  return {};
}

}  // namespace

Result<StreamId> parse_stream_id(std::string_view text) {
  LC_TRY_STATUS(check_name("stream", text, kStreamIdCharsMax, Dash::allowed));
  return StreamId{std::string(text)};
}

Result<CrewId> parse_crew_id(std::string_view text) {
  LC_TRY_STATUS(check_name("crew", text, kCrewIdCharsMax, Dash::refused));
  return CrewId{std::string(text)};
}

Result<Kind> parse_kind(std::string_view text) {
  LC_TRY_STATUS(check_name("kind", text, kKindCharsMax, Dash::refused));
  if (text.starts_with(kReservedKindPrefix)) {
    return fail(ErrorCode::invalid_input,
                "kind '" + std::string(text) +
                    "' is reserved: kinds that start with '__' are the system's");
  }
  return Kind{std::string(text)};
}

}  // namespace lc
