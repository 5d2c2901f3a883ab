#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

namespace lc::sim {

/// splitmix64: a small generator whose sequence is the same everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }

  /// A number of [from, to].
  std::int64_t within(std::int64_t from, std::int64_t to) {
    return from + static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(to - from + 1));
  }

  /// True in `percent` of a hundred cases.
  bool chance(std::int64_t percent) { return within(0, 99) < percent; }

  template <class T>
  T one_of(std::initializer_list<T> values) {
    return values.begin()[within(0, static_cast<std::int64_t>(values.size()) - 1)];
  }

 private:
  std::uint64_t state_;
};

/// A seed that depends on a seed, a name and two numbers, and on nothing that happened before.
inline std::uint64_t derived_seed(std::uint64_t seed, std::string_view name, std::int64_t a,
                                  std::int64_t b) {
  std::uint64_t mixed = Random(seed).next();
  for (const char c : name) {
    mixed = Random(mixed ^ static_cast<unsigned char>(c)).next();
  }
  mixed = Random(mixed ^ static_cast<std::uint64_t>(a)).next();
  return Random(mixed ^ static_cast<std::uint64_t>(b)).next();
}

}  // namespace lc::sim
