#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace lc {

/// What the caller of a failed operation may do about it.
enum class ErrorCode {
  invalid_input,  // the data is wrong: report it to whoever sent it
  not_found,      // the named thing does not exist
  conflict,       // somebody else was first: read again, then decide
  overloaded,     // a named limit is reached: shed or retry later
  unavailable,    // a peer does not answer: retry with backoff
  denied,         // not allowed: retrying does not help
  corrupt,        // stored data contradicts itself: stop and tell
};

std::string_view to_string(ErrorCode code);

/// An operating error as a value: a code to branch on, words for a person.
struct [[nodiscard]] Error {
  ErrorCode code = ErrorCode::invalid_input;
  std::string message;

  bool operator==(const Error&) const = default;
};

/// The answer, or why there is none. Never ignored.
template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected(Error{code, std::move(message)});
}

/// Grows the words outwards: `loading crew 'vision': triggers: not a list`.
inline std::unexpected<Error> within(std::string_view context, Error error) {
  error.message = std::string(context) + ": " + error.message;
  return std::unexpected(std::move(error));
}

}  // namespace lc

#define LC_CONCAT_INNER(a, b) a##b
#define LC_CONCAT(a, b) LC_CONCAT_INNER(a, b)

/// `LC_TRY(auto x, f());` declares `x` with the value of `f()`, or returns its error.
/// A statement of its own: never the body of an `if` without braces.
#define LC_TRY(declaration, expression)                                      \
  auto LC_CONCAT(lc_try_, __LINE__) = (expression);                          \
  if (!LC_CONCAT(lc_try_, __LINE__)) {                                       \
    return std::unexpected(std::move(LC_CONCAT(lc_try_, __LINE__)).error()); \
  }                                                                          \
  declaration = std::move(LC_CONCAT(lc_try_, __LINE__)).value()

/// Like LC_TRY for a `Status`.
#define LC_TRY_STATUS(expression)                                                        \
  if (auto LC_CONCAT(lc_try_, __LINE__) = (expression); !LC_CONCAT(lc_try_, __LINE__)) { \
    return std::unexpected(std::move(LC_CONCAT(lc_try_, __LINE__)).error());             \
  }
