#include <algorithm>
#include <iterator>
#include <span>

#include "proto/template/unicode.h"

namespace lc::templates {
namespace {

struct CaseRange {
  char32_t first;
  char32_t last;
  char32_t step;
  std::int32_t distance;
};
struct SpecialCase {
  char32_t from;
  std::string_view to;
};
struct CharRange {
  char32_t first;
  char32_t last;
};

#include "proto/template/unicode_tables.inc"

template <class Range>
const Range* find_range(std::span<const Range> ranges, char32_t c) {
  const auto after =
      std::upper_bound(ranges.begin(), ranges.end(), c,
                       [](char32_t wanted, const Range& range) { return wanted < range.first; });
  return after != ranges.begin() && c <= std::prev(after)->last ? &*std::prev(after) : nullptr;
}

bool append_special(std::string& out, std::span<const SpecialCase> specials, char32_t c) {
  const auto found = std::lower_bound(
      specials.begin(), specials.end(), c,
      [](const SpecialCase& special, char32_t wanted) { return special.from < wanted; });
  if (found == specials.end() || found->from != c) {
    return false;
  }
  out += found->to;
  return true;
}

void append_mapped(std::string& out, std::span<const CaseRange> ranges,
                   std::span<const SpecialCase> specials, char32_t c) {
  if (append_special(out, specials, c)) {
    return;
  }
  const CaseRange* range = find_range(ranges, c);
  if (range != nullptr && (c - range->first) % range->step == 0) {
    c = static_cast<char32_t>(static_cast<std::int64_t>(c) + range->distance);
  }
  append_char(out, c);
}

bool is_in(std::span<const CharRange> ranges, char32_t c) {
  return find_range(ranges, c) != nullptr;
}

// Greek writes the last sigma of a word differently.
bool is_final_sigma(std::string_view text, std::size_t at) {
  bool follows_letter = false;
  for (std::size_t i = at; i > 0;) {
    do {
      --i;
    } while (i > 0 && (static_cast<unsigned char>(text[i]) & 0xC0U) == 0x80U);
    const char32_t c = char_at(text, i);
    if (!is_in(kCaseIgnorable, c)) {
      follows_letter = is_in(kCased, c);
      break;
    }
  }
  for (std::size_t i = at + char_size(text, at); follows_letter && i < text.size();
       i += char_size(text, i)) {
    const char32_t c = char_at(text, i);
    if (!is_in(kCaseIgnorable, c)) {
      return !is_in(kCased, c);
    }
  }
  return follows_letter;
}

// Lower case of what stands from `from` on; what stands before still counts for the sigma.
void append_lower(std::string& out, std::string_view text, std::size_t from) {
  constexpr char32_t kSigma = 0x3A3;
  constexpr char32_t kFinalSigma = 0x3C2;
  for (std::size_t at = from; at < text.size(); at += char_size(text, at)) {
    const char32_t c = char_at(text, at);
    if (c == kSigma && is_final_sigma(text, at)) {
      append_char(out, kFinalSigma);
    } else if (c < 0x80) {
      out += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 0x20 : c);
    } else {
      append_mapped(out, kLowerRanges, kLowerSpecials, c);
    }
  }
}

}  // namespace

bool is_printable(char32_t c) {
  return c < 0x7F ? c >= 0x20 : !is_in(kUnprintable, c);
}

std::string to_upper(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); at += char_size(text, at)) {
    append_mapped(out, kUpperRanges, kUpperSpecials, char_at(text, at));
  }
  return out;
}

std::string to_lower(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  append_lower(out, text, 0);
  return out;
}

std::string to_capitalized(std::string_view text) {
  std::string out;
  if (text.empty()) {
    return out;
  }
  if (!append_special(out, kTitleSpecials, char_at(text, 0))) {
    append_mapped(out, kUpperRanges, kUpperSpecials, char_at(text, 0));
  }
  append_lower(out, text, char_size(text, 0));
  return out;
}

}  // namespace lc::templates
