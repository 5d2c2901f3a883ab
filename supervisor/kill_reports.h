#pragma once

#include <functional>
#include <map>
#include <string>

#include "common/background.h"
#include "common/ids.h"
#include "common/result.h"

namespace lc::supervisor {

/// Keeps the kill reports of a stream in a folder: `CREW.N.json`, the last few of each crew. What
/// cannot be written is logged and kept in memory only.
class KillReports {
 public:
  static constexpr int kKeptPerCrew = 5;

  /// `folder` is made when it is needed; empty: memory only.
  KillReports(uv_loop_t* loop, std::string folder);

  /// Keeps a report; where it will be found, empty when it has no file.
  std::string keep(const CrewId& crew, std::string text);

  /// The crew's last one, also of an earlier supervisor.
  ///
  /// Errors: not_found - there is none.
  Result<std::string> last(const CrewId& crew) const;

 private:
  std::int64_t next_number(const CrewId& crew);

  std::string folder_;
  Background background_;
  std::map<CrewId, std::string> last_;
  std::map<CrewId, std::int64_t> numbers_;
};

}  // namespace lc::supervisor
