#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "common/fd.h"
#include "worker/child_tree.h"
#include "worker/crew/crew.h"
#include "worker/crew/program_lines.h"
#include "worker/progress.h"

namespace lc::worker {

/// A crew that is a program of the user's: started once, one JSON line for each reaction, started
/// again after it left or broke the contract.
class ProgramCrew : public Crew {
 public:
  struct Options {
    std::vector<std::string> command;
    std::vector<std::string> environment;  // NAME=value
    std::string folder;
    ChildTree& tree;
    OnProgress on_progress;  // at each line that says so, while a reaction is under way
  };

  explicit ProgramCrew(Options options) : options_(std::move(options)) {}

  Status start() override;
  bool runs_programs() const override { return true; }
  Answer react(const proto::Ready& ready) override;

 private:
  struct Gone {};     // the program closed its standard output
  struct TooLong {};  // a line over kProgramLineBytesMax
  using Line = std::variant<std::string, Gone, TooLong>;

  Status start_program();
  Status await_ready();
  Line next_line(std::string& request);
  bool take_line(std::string& line);
  ssize_t read_some();
  void write_some(std::string& request);
  Answer exchange(std::string request);
  Answer broke_contract(const std::string& words);
  Answer left();
  void stop_program();
  bool consume_note(const ProgramLine& line);

  Options options_;
  pid_t pid_ = 0;  // 0: none
  OwnedFd pidfd_;
  OwnedFd to_program_;
  OwnedFd from_program_;
  std::string received_;
};

/// Whether the command is known to write `{"ready":true}` first: `-m live_crew`, the shipped Python
/// package. The worker of such a crew is ready when its program is.
bool announces_itself(const std::vector<std::string>& command);

}  // namespace lc::worker
