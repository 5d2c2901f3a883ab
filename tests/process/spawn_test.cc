#include "supervisor/process/spawn.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "common/clock.h"
#include "tests/process/fixture.h"
#include "tests/process/host.h"

namespace lc::process {
namespace {

/// What a worker that shows something, then leaves, has written.
std::string shown(std::vector<std::string> steps) {
  steps.push_back("exit:0");
  FleetFixture fixture;
  fixture.add(std::move(steps));
  return fixture.until_failure().ended.output;
}

/// A file that may be executed.
class Script {
 public:
  explicit Script(std::string_view text)
      : path_(std::filesystem::temp_directory_path() / fresh_name()) {
    std::ofstream(path_) << text;
    std::filesystem::permissions(path_, std::filesystem::perms::owner_all);
  }
  ~Script() { std::filesystem::remove(path_); }
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;

  std::string path() const { return path_; }

 private:
  std::filesystem::path path_;
};

TEST_CASE("B05 a worker has the descriptors 0 to 3 and no other, whatever we hold") {
  std::vector<OwnedFd> inheritable;
  for (int i = 0; i < 200; ++i) {
    inheritable.emplace_back(::open("/dev/null", O_RDONLY));  // on purpose not close-on-exec
    REQUIRE(inheritable.back());
  }
  CHECK(shown({"show:fds"}) == "fds: 0 1 2 3\n");
}

TEST_CASE("B04 a worker has no signal blocked or ignored, whatever we were left with") {
  sigset_t some;
  sigset_t before;
  sigemptyset(&some);
  sigaddset(&some, SIGTERM);
  sigaddset(&some, SIGUSR2);
  sigprocmask(SIG_BLOCK, &some, &before);
  const auto pipe_before = ::signal(SIGPIPE, SIG_IGN);
  CHECK(shown({"show:signals"}) == "signals:\n");
  ::signal(SIGPIPE, pipe_before);
  sigprocmask(SIG_SETMASK, &before, nullptr);
}

TEST_CASE("spawn: a worker gets the line and exactly the environment that it was given") {
  FleetFixture fixture;
  WorkerSpec spec{.crew = kCrew,
                  .argv = {chaos_worker_path(), "show:line", "show:env", "exit:0"},
                  .env = {"LANG=C.UTF-8"},
                  .stdin_line = R"({"stream":"match42"})"};
  fixture.fleet().add(spec);
  CHECK(fixture.until_failure().ended.output ==
        "line: {\"stream\":\"match42\"}\nenv: LANG=C.UTF-8\nenv: LIVE_CREW_WORKER=vision." +
            std::to_string(::getpid()) + ".1\n");
}

TEST_CASE("spawn: a worker runs in its crew's folder") {
  const auto folder = std::filesystem::canonical(std::filesystem::temp_directory_path());
  FleetFixture fixture;
  fixture.fleet().add(
      {.crew = kCrew, .argv = {chaos_worker_path(), "show:folder", "exit:0"}, .folder = folder});
  CHECK(fixture.until_failure().ended.output == "folder: " + folder.string() + "\n");
}

TEST_CASE("spawn: a worker leads a session and a group of its own") {
  FleetFixture fixture;
  fixture.add({"ready"});
  fixture.until_ready();
  const pid_t pid = fixture.info().pid;
  CHECK(::getsid(pid) == pid);
  CHECK(::getpgid(pid) == pid);
}

TEST_CASE("B01 what cannot be started says why and leaves no descriptor behind") {
  struct Row {
    const char* name;
    SpawnRequest request;
    ErrorCode code;
    std::string words;
  };
  const Script bad_line("#!/nowhere/interpreter\n");
  const Script no_line("exit 0\n");
  const int before = open_descriptors();
  for (const Row& row : {
           Row{"no such program",
               {.argv = {"/nowhere/lcworker"}},
               ErrorCode::not_found,
               "starting '/nowhere/lcworker' in '.': No such file or directory"},
           Row{"not executable",
               {.argv = {"/etc/passwd"}},
               ErrorCode::denied,
               "starting '/etc/passwd' in '.': Permission denied"},
           Row{"a script of no such interpreter",
               {.argv = {bad_line.path()}},
               ErrorCode::not_found,
               "starting '" + bad_line.path() + "' in '.': No such file or directory"},
           Row{"a script that names no interpreter",
               {.argv = {no_line.path()}},
               ErrorCode::unavailable,
               "starting '" + no_line.path() + "' in '.': Exec format error"},
           Row{"no such folder",
               {.argv = {"/bin/true"}, .folder = "/nowhere"},
               ErrorCode::not_found,
               "starting '/bin/true' in '/nowhere': No such file or directory"},
           Row{"a NUL",
               {.argv = {"/bin/true", std::string("a\0b", 3)}},
               ErrorCode::invalid_input,
               "argument or variable 'a' has a NUL in it"},
           Row{"a line too long",
               {.argv = {"/bin/true"}, .stdin_line = std::string(kStdinLineBytesMax + 1, 'x')},
               ErrorCode::invalid_input,
               "the configuration line is 65536 bytes, at most 65535 are possible"},
       }) {
    CAPTURE(row.name);
    for (int i = 0; i < 20; ++i) {
      const auto spawned = spawn(row.request);
      REQUIRE_FALSE(spawned);
      CHECK(spawned.error().code == row.code);
      CHECK(spawned.error().message == row.words);
    }
  }
  CHECK(open_descriptors() == before);
  CHECK(processes_left().empty());
}

TEST_CASE("spawn: a line of the greatest length arrives whole") {
  FleetFixture fixture;
  const std::string line(kStdinLineBytesMax, 'x');
  fixture.fleet().add(
      {.crew = kCrew, .argv = {chaos_worker_path(), "show:line", "exit:0"}, .stdin_line = line});
  // "line: ", the line and a line feed: the first 6 bytes no longer fit the tail.
  CHECK(fixture.until_failure().ended.output ==
        "[6 bytes before this were dropped]\n" + line + "\n");
}

TEST_CASE("B01 a worker that cannot be started is told with the reason, no strike, tried again") {
  FleetFixture fixture;
  const MonoTime start = monotonic_now();
  fixture.fleet().add({.crew = kCrew, .argv = {"/nowhere/lcworker"}});
  for (int i = 0; i < 2; ++i) {
    const Told told = fixture.until_failure();
    CHECK(told.what == Told::What::idle_failure);
    CHECK(told.outcome() == proto::Outcome::spawn_failed);
    CHECK_FALSE(proto::is_strike(told.outcome()));
    CHECK(told.ended.words == "starting '/nowhere/lcworker' in '.': No such file or directory");
    CHECK(told.at < start + seconds(5));
  }
  CHECK(fixture.info().state == "backoff");
  CHECK(fixture.info().restarts_in_ms);
}

}  // namespace
}  // namespace lc::process
