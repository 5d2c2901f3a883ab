#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"

namespace lc {

/// A name that cannot be mixed up with a name of another kind.
template <class Tag>
struct Name {
  std::string value;

  auto operator<=>(const Name&) const = default;
  bool empty() const { return value.empty(); }
};

/// A count that cannot be mixed up with a count of another kind.
template <class Tag>
struct Number {
  std::int64_t value = 0;

  auto operator<=>(const Number&) const = default;
};

using StreamId = Name<struct StreamTag>;
using CrewId = Name<struct CrewTag>;
using Kind = Name<struct KindTag>;

using SliceIndex = Number<struct SliceTag>;     // counts from the stream's epoch0; may be negative
using Revision = Number<struct RevisionTag>;    // commits that changed the context, from 0
using Attempt = Number<struct AttemptTag>;      // reactions of one crew in one slice, from 1
using Lamport = Number<struct LamportTag>;      // logical clock of the stream, from 0
using StreamSeq = Number<struct StreamSeqTag>;  // JetStream sequence of an event, from 1

inline constexpr std::size_t kStreamIdCharsMax = 100;
inline constexpr std::size_t kCrewIdCharsMax = 50;
inline constexpr std::size_t kKindCharsMax = 50;

/// Kinds that start so are the system's own: no producer or crew may use them.
inline constexpr std::string_view kReservedKindPrefix = "__";

/// Accepts `^[A-Za-z0-9_-]{1,100}$`.
Result<StreamId> parse_stream_id(std::string_view text);

/// Accepts `^[A-Za-z0-9_]{1,50}$`.
Result<CrewId> parse_crew_id(std::string_view text);

/// Accepts `^[A-Za-z0-9_]{1,50}$` that does not start with `__`.
Result<Kind> parse_kind(std::string_view text);

}  // namespace lc
