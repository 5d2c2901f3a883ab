#include <doctest/doctest.h>
#include <fcntl.h>
#include <link.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

#include "common/fd.h"
#include "worker/sandbox/apply.h"

namespace lc::worker {
namespace {

// The errno of each way to start a program, in the order of kWays; 0: it would have run.
constexpr std::array<const char*, 8> kWays = {"sh -c",       "curl",
                                              "dropped ELF", "ld.so with a program",
                                              "memfd",       "/proc/self/exe again",
                                              "posix_spawn", "another thread"};
using Errors = std::array<int, kWays.size()>;

int try_exec(const char* path, const char* argument = nullptr) {
  std::array<const char*, 4> words = {path, argument == nullptr ? nullptr : argument, "true",
                                      nullptr};
  char* const* arguments = const_cast<char* const*>(words.data());
  std::array<char*, 1> environment = {nullptr};
  execve(path, arguments, environment.data());
  return errno;
}

// A copy of a program, by any descriptor that can be written.
void copy_program(int target) {
  const OwnedFd source(open("/bin/true", O_RDONLY | O_CLOEXEC));
  struct stat facts{};
  fstat(source.get(), &facts);
  while (sendfile(target, source.get(), nullptr, static_cast<std::size_t>(facts.st_size)) > 0) {
  }
}

int try_dropped(const std::string& folder) {
  const std::string path = folder + "/dropped";
  copy_program(OwnedFd(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0755)).get());
  return try_exec(path.c_str());
}

int try_memfd() {
  const OwnedFd memory(memfd_create("x", MFD_CLOEXEC));
  copy_program(memory.get());
  std::array<char*, 2> words = {const_cast<char*>("x"), nullptr};
  syscall(SYS_execveat, memory.get(), "", words.data(), words.data() + 1, AT_EMPTY_PATH);
  return errno;
}

int try_spawn() {
  std::array<char*, 2> words = {const_cast<char*>("true"), nullptr};
  pid_t pid = 0;
  return posix_spawn(&pid, "/bin/true", nullptr, nullptr, words.data(), words.data() + 1);
}

// The dynamic loader of this program.
std::string loader() {
  std::string path;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* out) {
        const std::string_view name = info->dlpi_name;
        if (name.find("/ld-") != std::string_view::npos) {
          *static_cast<std::string*>(out) = name;
        }
        return 0;
      },
      &path);
  return path;
}

Errors try_all(const std::string& folder, const std::string& loader_path) {
  return {try_exec("/bin/sh", "-c"),
          try_exec("/usr/bin/curl"),
          try_dropped(folder),
          try_exec(loader_path.c_str(), "/bin/true"),
          try_memfd(),
          try_exec("/proc/self/exe", "--help"),
          try_spawn(),
          0};
}

struct Told {
  bool is_confined = false;
  bool has_seccomp = false;
  Errors errors{};
};

Told confine_and_try(proto::SandboxLevel level, const std::string& folder) {
  proto::WorkerConfig config{.stream = StreamId{"s"}, .crew = CrewId{"c"}};
  config.nats_url = "nats://127.0.0.1";
  config.manifest = folder + "/c.runtime.yaml";
  config.sandbox.level = level;
  std::map<std::string, std::string> environment = {{"TMPDIR", folder}};
  const std::string loader_path = loader();
  Told told;
  const auto confined = confine(config, environment);
  if (!confined) {
    std::fprintf(stderr, "%s\n", confined.error().message.c_str());
    return told;
  }
  std::atomic<bool> forbidden = false;
  int of_thread = 0;
  std::thread earlier([&forbidden, &of_thread] {
    forbidden.wait(false);
    of_thread = try_exec("/bin/true");
  });
  told.is_confined = forbid_exec(config.sandbox).has_value();
  forbidden = true;
  forbidden.notify_all();
  earlier.join();
  told.has_seccomp =
      std::ranges::find(confined->missing, std::string_view("seccomp")) == confined->missing.end();
  told.errors = try_all(folder, loader_path);
  told.errors.back() = of_thread;
  return told;
}

TEST_CASE("G04 a crew that has nothing to start can start nothing, by whatever way") {
  for (const auto level : {proto::SandboxLevel::standard, proto::SandboxLevel::strict}) {
    std::string folder =
        (std::filesystem::temp_directory_path() / "live-crew-test-XXXXXX").string();
    REQUIRE(mkdtemp(folder.data()) != nullptr);
    auto pipe = make_pipe();
    REQUIRE(pipe);
    const pid_t child = fork();
    if (child == 0) {
      const Told told = confine_and_try(level, folder);
      [[maybe_unused]] const ssize_t n = write(pipe->write.get(), &told, sizeof told);
      _exit(0);
    }
    pipe->write.reset();
    Told told;
    CHECK(read(pipe->read.get(), &told, sizeof told) == sizeof told);
    waitpid(child, nullptr, 0);
    std::filesystem::remove_all(folder);
    REQUIRE(told.is_confined);
    if (!told.has_seccomp) {
      std::printf("SKIPPED: G04 a crew can start nothing: this kernel has no seccomp\n");
      return;
    }
    for (std::size_t i = 0; i < kWays.size(); ++i) {
      CAPTURE(kWays[i]);
      CHECK(told.errors[i] == EPERM);
    }
  }
}

}  // namespace
}  // namespace lc::worker
