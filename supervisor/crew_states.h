#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/bus.h"
#include "common/ids.h"
#include "common/time.h"

namespace lc::supervisor {

/// Which crews are disabled, kept in the stream's bucket so that it outlives the supervisor and the
/// host. Key `crew.NAME`; one that its failures disabled counts as enabled when its file has
/// changed since, one that an operator disabled does not.
class CrewStates {
 public:
  struct Known {
    CrewId crew;
    std::uint64_t fingerprint = 0;  // of its file as it is now
  };

  CrewStates(Bus& bus, std::string bucket) : bus_(bus), bucket_(std::move(bucket)) {}

  /// Reads what is kept of these crews, then calls `on_read`. What cannot be read counts as enabled
  /// and is named in `complaints`.
  ///
  /// Errors: unavailable - the server does not answer.
  void load(std::vector<Known> crews, OnResult<std::vector<std::string>> on_read);

  /// The crews that stay disabled, each with the reason.
  const std::map<CrewId, std::string>& all_disabled() const { return disabled_; }

  enum class By { failures, operator_order };
  void disabled(const CrewId& crew, const std::string& why, By by, WallTime now);
  void enabled(const CrewId& crew);

  /// Sends again what could not be kept; called when the connection is back.
  void retry();

  /// Whether everything is kept.
  bool settled() const { return pending_.empty(); }

 private:
  void load_next(std::vector<Known> left, std::vector<std::string> complaints,
                 OnResult<std::vector<std::string>> on_read);
  std::optional<std::string> take(const Known& crew, const std::string& text);
  void put(const CrewId& crew, std::string text);
  void send(const CrewId& crew);

  struct Pending {
    std::string text;
    bool in_flight = false;
    bool is_newer = false;  // than what is in flight
  };

  Bus& bus_;
  std::string bucket_;
  std::map<CrewId, std::uint64_t> fingerprints_;
  std::map<CrewId, std::string> disabled_;
  std::map<CrewId, Pending> pending_;
};

}  // namespace lc::supervisor
