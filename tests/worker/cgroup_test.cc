#include "worker/cgroup.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

#include "common/fd.h"

namespace lc::worker {
namespace {

int join(const std::string& value) {
  const std::string entry = "LIVE_CREW_CGROUP_FD=" + value;
  const std::array<const char*, 3> environment = {"LIVE_CREW_CGROUP_FDS=x", entry.c_str(), nullptr};
  return join_cgroup(environment.data());
}

std::string read_all(const OwnedFd& fd) {
  std::array<char, 16> data{};
  const ssize_t n = read(fd.get(), data.data(), data.size());
  return {data.data(), static_cast<std::size_t>(n > 0 ? n : 0)};
}

TEST_CASE("join_cgroup: a zero is written to every descriptor that is named, and it is closed") {
  auto one = make_pipe();
  auto two = make_pipe();
  REQUIRE(one);
  REQUIRE(two);
  const int first = one->write.release();
  const int second = two->write.release();

  CHECK(join(std::to_string(first) + "," + std::to_string(second)) == 0);

  CHECK(read_all(one->read) == "0");
  CHECK(read_all(two->read) == "0");
  CHECK(read_all(one->read).empty());  // the other end is closed
  CHECK(fcntl(second, F_GETFD) == -1);
}

TEST_CASE("join_cgroup: without the variable there is nothing to do") {
  const std::array<const char*, 2> environment = {"HOME=/x", nullptr};
  CHECK(join_cgroup(environment.data()) == 0);
}

TEST_CASE("join_cgroup: what is no list of descriptors is EBADF") {
  for (const char* value :
       {"", ",", "x", "0", "2", "-1", "4000", "4000,", "99999999999", "7x", " 7", "7 "}) {
    CAPTURE(value);
    CHECK(join(value) == EBADF);
  }
  auto pipe = make_pipe();
  REQUIRE(pipe);
  CHECK(join(std::to_string(pipe->write.release()) + ",") == EBADF);
}

TEST_CASE("join_cgroup: the kernel's refusal is told") {
  const OwnedFd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  REQUIRE(full);
  CHECK(join(std::to_string(dup(full.get()))) == ENOSPC);
}

}  // namespace
}  // namespace lc::worker
