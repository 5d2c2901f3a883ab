// The program of a program crew on two pipes. Both directions are served in one poll, so that a
// program that writes before it has read its request cannot lock us. A program that broke the
// contract is ended: what else it would write could be taken for the next answer.

#include "worker/crew/program.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "common/json.h"
#include "common/log.h"

namespace lc::worker {
namespace {

constexpr int kExitPatienceMs = 1'000;  // from closing its output to exiting
constexpr std::size_t kReadBytes = std::size_t{64} << 10;
constexpr std::size_t kQuoteChars = 120;  // of a wrong line, in the error's words

std::string quote(std::string_view line) {
  std::string out;
  append_json_string(out, line.substr(0, kQuoteChars));
  return line.size() > kQuoteChars ? out + "..." : out;
}

}  // namespace

bool announces_itself(const std::vector<std::string>& command) {
  const std::array<std::string_view, 2> words = {"-m", "live_crew"};
  return std::search(command.begin(), command.end(), words.begin(), words.end()) != command.end();
}

Status ProgramCrew::start() {
  LC_TRY_STATUS(start_program());
  return announces_itself(options_.command) ? await_ready() : Status();
}

Status ProgramCrew::start_program() {
  LC_TRY(Pipe input, make_pipe());
  LC_TRY(Pipe output, make_pipe());
  auto pid = options_.tree.spawn({.words = options_.command,
                                  .environment = options_.environment,
                                  .folder = options_.folder,
                                  .stdin_fd = input.read.get(),
                                  .stdout_fd = output.write.get()});
  if (!pid) {
    Error error = pid.error();
    if (error.code == ErrorCode::denied) {
      error.message += " (outside of the system, PATH and the crew's folder it needs sandbox_read)";
    }
    return within("runner", std::move(error));
  }
  pid_ = *pid;
  pidfd_.reset(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  to_program_ = std::move(input.write);
  from_program_ = std::move(output.read);
  LC_TRY_STATUS(set_nonblocking(to_program_.get()));
  LC_TRY_STATUS(set_nonblocking(from_program_.get()));
  received_.clear();
  return {};
}

Status ProgramCrew::await_ready() {
  std::string nothing;
  for (;;) {
    const Line line = next_line(nothing);
    const auto* text = std::get_if<std::string>(&line);
    if (text == nullptr) {
      return fail(ErrorCode::invalid_input, "runner: " + left().error);
    }
    auto parsed = parse_program_line(*text);
    if (!parsed) {
      return within("runner: protocol", parsed.error());
    }
    if (std::holds_alternative<ProgramReady>(*parsed)) {
      return {};
    }
    if (const auto* failed = std::get_if<ProgramFailed>(&*parsed)) {
      const std::string message = failed->message;
      stop_program();
      return fail(ErrorCode::invalid_input, message);
    }
    if (!consume_note(*parsed)) {
      return fail(ErrorCode::invalid_input, "runner: protocol: an answer before any request");
    }
  }
}

Answer ProgramCrew::react(const proto::Ready& ready) {
  if (pid_ != 0 && !ChildTree::running(pid_)) {
    log_warn("program left while idle", {{"how", left().error}});
  }
  if (pid_ == 0) {
    if (auto started = start(); !started) {
      return error_answer("starting again: " + started.error().message);
    }
  }
  read_some();  // what it wrote after its last answer
  std::string line;
  while (take_line(line)) {
    auto parsed = parse_program_line(line);
    if (!parsed || !consume_note(*parsed)) {
      return broke_contract(fmt::format("a line that nobody asked for: {}", quote(line)));
    }
  }
  return exchange(write_program_request(ready) + "\n");
}

Answer ProgramCrew::exchange(std::string request) {
  for (;;) {
    const Line line = next_line(request);
    if (std::holds_alternative<Gone>(line)) {
      return left();
    }
    if (std::holds_alternative<TooLong>(line)) {
      return broke_contract(fmt::format("an answer longer than {} bytes", kProgramLineBytesMax));
    }
    const auto& text = std::get<std::string>(line);
    auto parsed = parse_program_line(text);
    if (!parsed) {
      return broke_contract(fmt::format("{}: {}", parsed.error().message, quote(text)));
    }
    if (auto* answer = std::get_if<Answer>(&*parsed)) {
      if (!request.empty()) {
        return broke_contract("an answer before it had read the request");
      }
      return std::move(*answer);
    }
    if (const auto* failed = std::get_if<ProgramFailed>(&*parsed)) {
      return error_answer(failed->message);
    }
    if (std::holds_alternative<ProgramProgress>(*parsed)) {
      options_.on_progress();
    }
    consume_note(*parsed);
  }
}

// Log, progress and ready lines may come at any time.
bool ProgramCrew::consume_note(const ProgramLine& line) {
  if (const auto* note = std::get_if<ProgramLog>(&line)) {
    log(parse_log_level(note->level).value_or(LogLevel::info), "program log",
        {{"words", note->message}});
    return true;
  }
  if (const auto* progress = std::get_if<ProgramProgress>(&line)) {
    log_info("program progress", {{"progress", progress->json}});
    return true;
  }
  return std::holds_alternative<ProgramReady>(line);
}

bool ProgramCrew::take_line(std::string& line) {
  const std::size_t end = received_.find('\n');
  if (end == std::string::npos) {
    return false;
  }
  line.assign(received_, 0, end);
  received_.erase(0, end + 1);
  return true;
}

// Takes what is there, kReadBytes at most; gives what read() gave.
ssize_t ProgramCrew::read_some() {
  std::array<char, kReadBytes> chunk;
  const ssize_t n = read(from_program_.get(), chunk.data(), chunk.size());
  if (n > 0) {
    received_.append(chunk.data(), static_cast<std::size_t>(n));
  }
  return n;
}

ProgramCrew::Line ProgramCrew::next_line(std::string& request) {
  std::string line;
  while (!take_line(line)) {
    if (received_.size() > kProgramLineBytesMax) {
      return TooLong{};
    }
    std::array<pollfd, 3> watched{};
    watched[0] = {.fd = from_program_.get(), .events = POLLIN, .revents = 0};
    watched[1] = {.fd = request.empty() ? -1 : to_program_.get(), .events = POLLOUT, .revents = 0};
    // Its end alone may not close its output: what it started can hold that open.
    watched[2] = {.fd = pidfd_.get(), .events = POLLIN, .revents = 0};
    if (poll(watched.data(), watched.size(), -1) < 0) {
      continue;  // interrupted
    }
    if (watched[1].revents != 0) {
      write_some(request);
    }
    const bool has_output = watched[0].revents != 0;
    if ((has_output && read_some() == 0) || (!has_output && watched[2].revents != 0)) {
      return Gone{};
    }
  }
  if (line.size() > kProgramLineBytesMax) {
    return TooLong{};
  }
  return line;
}

void ProgramCrew::write_some(std::string& request) {
  const ssize_t n = write(to_program_.get(), request.data(), request.size());
  if (n > 0) {
    request.erase(0, static_cast<std::size_t>(n));
  } else if (errno != EAGAIN && errno != EINTR) {
    request.clear();  // it closed its input: its answer, or its end, says the rest
  }
}

Answer ProgramCrew::broke_contract(const std::string& words) {
  stop_program();
  return error_answer("protocol: the program wrote " + words);
}

Answer ProgramCrew::left() {
  const ChildTree::Reaped reaped = options_.tree.reap(pid_, kExitPatienceMs);
  stop_program();
  if (reaped.killed) {
    return error_answer("protocol: the program closed its standard output and went on");
  }
  if (reaped.end.signal != 0) {
    const char* name = sigabbrev_np(reaped.end.signal);
    return error_answer(fmt::format("crash:{}: the program died of SIG{} before it answered",
                                    reaped.end.signal, name != nullptr ? name : "?"));
  }
  return error_answer(
      fmt::format("exit:{}: the program ended before it answered", reaped.end.code));
}

// Also ends what the program left behind.
void ProgramCrew::stop_program() {
  to_program_.reset();
  from_program_.reset();
  pidfd_.reset();
  options_.tree.end_children();
  pid_ = 0;
  received_.clear();
}

}  // namespace lc::worker
