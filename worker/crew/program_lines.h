#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "common/result.h"
#include "proto/slice.h"
#include "worker/crew/crew.h"

// The lines between the worker and the program of a program crew, as worker/crew/README.md
// describes them: one JSON object a line each way.
namespace lc::worker {

inline constexpr std::size_t kProgramLineBytesMax = proto::kDoneBytesMax;

/// One reaction for the program, without the newline; it holds no nonce.
std::string write_program_request(const proto::Ready& ready);

struct ProgramReady {};  // {"ready":true}: the program can take requests
struct ProgramFailed {   // {"failed":"words"}: it cannot, and will exit
  std::string message;
};
struct ProgramLog {  // {"log":{"level":"info","msg":"words"}}
  std::string level;
  std::string message;
};
struct ProgramProgress {  // {"progress":any}: a sign of life on the way
  std::string json;
};

using ProgramLine = std::variant<Answer, ProgramReady, ProgramFailed, ProgramLog, ProgramProgress>;

/// Errors: invalid_input - not JSON, an unknown key, a field of the wrong type or out of range.
Result<ProgramLine> parse_program_line(std::string_view line);

}  // namespace lc::worker
