#include "common/time.h"

#include <fmt/format.h>

#include <array>

#include "common/check.h"
#include "common/text.h"

namespace lc {
namespace {

constexpr std::int64_t kSecondsPerDay = 86'400;

// Days from 1970-01-01 to a proleptic Gregorian date, and back: the years are counted in eras of
// 400 years that start in March, so that the leap day is the last day of a year.
std::int64_t days_from_civil(std::int64_t year, int month, int day) {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

struct Civil {
  std::int64_t year;
  int month;
  int day;
};

Civil civil_from_days(std::int64_t days) {
  days += 719'468;
  const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const std::int64_t day_of_era = days - era * 146'097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const int day = static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1);
  const int month = static_cast<int>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

int days_in_month(std::int64_t year, int month) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

// Reads fixed-width fields off the front of a text; remembers whether all went well.
class Fields {
 public:
  explicit Fields(std::string_view text) : rest_(text) {}

  int digits(std::size_t count) {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (rest_.empty() || rest_[0] < '0' || rest_[0] > '9') {
        ok_ = false;
        return 0;
      }
      value = value * 10 + (rest_[0] - '0');
      rest_.remove_prefix(1);
    }
    return value;
  }

  char one_of(std::string_view accepted) {
    if (rest_.empty() || !accepted.contains(rest_[0])) {
      ok_ = false;
      return '\0';
    }
    const char c = rest_[0];
    rest_.remove_prefix(1);
    return c;
  }

  // An optional fraction, cut to microseconds.
  std::int64_t fraction_us() {
    if (rest_.empty() || rest_[0] != '.') {
      return 0;
    }
    rest_.remove_prefix(1);
    std::int64_t us = 0;
    std::int64_t unit = 100'000;
    bool any = false;
    while (!rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9') {
      us += (rest_[0] - '0') * unit;
      unit /= 10;
      any = true;
      rest_.remove_prefix(1);
    }
    ok_ = ok_ && any;
    return us;
  }

  bool ok() const { return ok_; }
  bool done() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

// At least `count` digits, with zeros in front; years below 0 and above 9999 take what they need.
void append_digits(std::string& out, std::int64_t value, std::size_t count) {
  if (value < 0 || value > 999'999) {
    out += fmt::format("{:0{}}", value, count);
    return;
  }
  std::array<char, 6> digits;
  std::size_t at = digits.size();
  for (; value > 0 || digits.size() - at < count; value /= 10) {
    digits[--at] = static_cast<char>('0' + value % 10);
  }
  out.append(digits.data() + at, digits.size() - at);
}

std::unexpected<Error> bad_time(std::string_view text, std::string_view why) {
  return fail(ErrorCode::invalid_input,
              fmt::format("time '{}' {}; write it like 2025-07-31T19:22:05.200Z",
                          valid_utf8(shorten(text)), why));
}

// The offset's seconds east of UTC.
std::int64_t offset_seconds(Fields& fields) {
  const char sign = fields.one_of("Zz+-");
  if (sign == 'Z' || sign == 'z' || !fields.ok()) {
    return 0;
  }
  const int hours = fields.digits(2);
  fields.one_of(":");
  const int minutes = fields.digits(2);
  if (hours > 23 || minutes > 59) {
    fields.one_of("");
  }
  return (sign == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
}

}  // namespace

Result<WallTime> parse_rfc3339(std::string_view text) {
  Fields fields(text);
  const int year = fields.digits(4);
  fields.one_of("-");
  const int month = fields.digits(2);
  fields.one_of("-");
  const int day = fields.digits(2);
  fields.one_of("Tt ");
  const int hour = fields.digits(2);
  fields.one_of(":");
  const int minute = fields.digits(2);
  fields.one_of(":");
  const int second = fields.digits(2);
  const std::int64_t fraction_us = fields.fraction_us();
  const std::int64_t offset = offset_seconds(fields);
  if (!fields.done()) {
    return bad_time(text, "is not an RFC 3339 time with an offset");
  }
  if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) {
    return bad_time(text, "names a day that does not exist");
  }
  if (hour > 23 || minute > 59 || second > 60) {
    return bad_time(text, "names a time of day that does not exist");
  }
  const std::int64_t day_seconds = hour * 3600 + minute * 60 + second;
  const std::int64_t total =
      days_from_civil(year, month, day) * kSecondsPerDay + day_seconds - offset;
  // Leap seconds are put in at the end of a month in UTC; the 60 counts as the next second.
  if (second == 60 &&
      (total % kSecondsPerDay != 0 || civil_from_days(total / kSecondsPerDay).day != 1)) {
    return bad_time(text, "names a leap second where none can be");
  }
  return WallTime{total * 1'000'000 + fraction_us};
}

std::string format_rfc3339(WallTime time) {
  std::int64_t total_seconds = time.us / 1'000'000;
  std::int64_t us = time.us % 1'000'000;
  if (us < 0) {
    us += 1'000'000;
    --total_seconds;
  }
  std::int64_t days = total_seconds / kSecondsPerDay;
  std::int64_t second_of_day = total_seconds % kSecondsPerDay;
  if (second_of_day < 0) {
    second_of_day += kSecondsPerDay;
    --days;
  }
  const Civil date = civil_from_days(days);
  std::string out;
  out.reserve(32);
  append_digits(out, date.year, 4);
  append_digits(out += '-', date.month, 2);
  append_digits(out += '-', date.day, 2);
  append_digits(out += 'T', second_of_day / 3600, 2);
  append_digits(out += ':', second_of_day / 60 % 60, 2);
  append_digits(out += ':', second_of_day % 60, 2);
  const bool whole_ms = us % 1000 == 0;
  append_digits(out += '.', whole_ms ? us / 1000 : us, whole_ms ? 3 : 6);
  return out += 'Z';
}

SliceIndex slice_index(WallTime ts, WallTime epoch0, Micros slice) {
  LC_ASSERT(slice.us > 0);
  const std::int64_t distance = ts.us - epoch0.us;
  const std::int64_t quotient = distance / slice.us;
  return {distance % slice.us < 0 ? quotient - 1 : quotient};
}

WallTime slice_start(SliceIndex n, WallTime epoch0, Micros slice) {
  return epoch0 + Micros{n.value * slice.us};
}

}  // namespace lc
