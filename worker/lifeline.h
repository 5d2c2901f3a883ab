#pragma once

#include <atomic>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "proto/order.h"
#include "worker/child_tree.h"

// The worker's ties to whoever started it: the configuration and the end on standard input, the
// state on descriptor 3, and the signals that mean "leave".
namespace lc::worker {

enum ExitCode : int { exit_told = 0, exit_usage = 64, exit_unavailable = 69, exit_config = 78 };

/// Keeps the standard descriptors and the status pipe and closes every other one: a library of the
/// supervisor leaves sockets open across exec.
void close_inherited();

/// A program that died is found by its end, not by a signal to us.
void ignore_broken_pipes();

/// Blocks SIGTERM and SIGINT, which the thread of leave_with_supervisor takes. Before any thread.
void block_leave_signals();

/// What a terminal's Ctrl-C does to a process that a person started.
enum class Interrupt { ends, is_ignored };  // ignored: it is meant for a debugger

/// For a worker in the foreground: starts a thread that ends the process, with everything that it
/// started, at SIGTERM, SIGHUP or SIGINT. `tree` must live as long as the process.
void end_with_signals(ChildTree& tree, Interrupt interrupt);

inline constexpr std::size_t kConfigBytesMax = std::size_t{64} << 10;

/// The first line of standard input, and what was read with it.
///
/// Errors: invalid_input - no line, or one over kConfigBytesMax.
struct ConfigInput {
  std::string line;
  std::string rest;
};
Result<ConfigInput> read_config_line();

/// The order to a spare worker to take over. Given by the thread that reads standard input, awaited
/// by the main thread.
class Takeover {
 public:
  void order();
  void wait() const;

 private:
  std::atomic<bool> is_ordered_ = false;
};

/// Starts a thread that ends the process, with everything that it started, when standard input
/// ends or SIGTERM or SIGINT comes, and that hears the order to take over; `input_read` is what was
/// read before. Both references must live as long as the process.
void leave_with_supervisor(ChildTree& tree, Takeover& takeover, std::string_view input_read);

/// Tells the supervisor, when descriptor 3 is a pipe to it. `missing` is what of the sandbox this
/// kernel does not have.
void report_standby(const std::vector<std::string_view>& missing);
void report_ready(const std::vector<std::string_view>& missing);
/// These three never wait: they are dropped when the supervisor does not read.
void report_taken(const proto::Order& order);
void report_answered();
void report_progress();
void report_failed(std::string_view message);

}  // namespace lc::worker
