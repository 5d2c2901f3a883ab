#include "supervisor/process/cgroup_paths.h"

#include <doctest/doctest.h>

namespace lc::process {
namespace {

TEST_CASE("cgroup paths: version 2 is found alone, beside version 1, and in a container") {
  constexpr std::string_view kAlone =
      "22 28 0:20 / /proc rw - proc proc rw\n"
      "29 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
  CHECK(find_cgroup2(kAlone) == CgroupMount{"/", "/sys/fs/cgroup"});
  constexpr std::string_view kHybrid =
      "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
      "34 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
      "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
  CHECK(find_cgroup2(kHybrid) == CgroupMount{"/", "/sys/fs/cgroup/unified"});
  constexpr std::string_view kPart =
      "700 690 0:27 /docker/ab /sys/fs/cgroup\\040two ro - cgroup2 cgroup rw\n";
  CHECK(find_cgroup2(kPart) == CgroupMount{"/docker/ab", "/sys/fs/cgroup two"});
}

TEST_CASE("cgroup paths: a mount that favours moves is told from one that does not") {
  CHECK(find_cgroup2("29 22 0:26 / /a rw - cgroup2 cgroup2 rw,favordynmods\n")->favours_moves);
  CHECK_FALSE(find_cgroup2("29 22 0:26 / /a rw - cgroup2 cgroup2 rw,nsdelegate\n")->favours_moves);
}

TEST_CASE("cgroup paths: version 1 is found by its controller, alone or with others") {
  constexpr std::string_view kMounts =
      "34 31 0:32 / /cg/memory rw - cgroup cgroup rw,memory\n"
      "35 31 0:33 / /cg/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
      "41 31 0:38 / /cg/unified rw - cgroup2 cgroup2 rw\n";
  CHECK(find_cgroup1(kMounts, "memory") == CgroupMount{"/", "/cg/memory"});
  CHECK(find_cgroup1(kMounts, "cpu") == CgroupMount{"/", "/cg/cpu,cpuacct"});
  CHECK_FALSE(find_cgroup1(kMounts, "cpuset"));
  CHECK_FALSE(find_cgroup1(kMounts, "pids"));
  constexpr std::string_view kOwn = "7:memory:/user/x\n4:cpu,cpuacct:/a:b\n0::/\n";
  CHECK(own_cgroup1(kOwn, "memory") == "/user/x");
  CHECK(own_cgroup1(kOwn, "cpuacct") == "/a:b");
  CHECK_FALSE(own_cgroup1(kOwn, "pids"));
}

TEST_CASE("cgroup paths: a word of a list is no part of another one") {
  CHECK(lists("cpu memory pids\n", "pids"));
  CHECK(lists("cpuset cpu", "cpu"));
  CHECK_FALSE(lists("cpuset cpuacct", "cpu"));
  CHECK_FALSE(lists("", "cpu"));
}

TEST_CASE("cgroup paths: a counter is found by its whole name") {
  constexpr std::string_view kEvents = "low 0\noom 4\noom_kill 2\noom_group_kill 1\n";
  CHECK(counter_in(kEvents, "oom_kill") == 2);
  CHECK(counter_in(kEvents, "oom") == 4);
  CHECK_FALSE(counter_in(kEvents, "max"));
  CHECK_FALSE(counter_in("max none\n", "max"));
}

TEST_CASE("cgroup paths: without version 2 there is none") {
  CHECK_FALSE(find_cgroup2(""));
  CHECK_FALSE(find_cgroup2("34 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"));
  CHECK_FALSE(find_cgroup2("29 22 0:26 / /a - cgroup2 - ext4 /dev/sda rw\n29 22\n-\n"));
}

TEST_CASE("cgroup paths: the own cgroup is the line of hierarchy 0") {
  CHECK(own_cgroup2("9:name=systemd:/\n0::/system.slice/x.service\n") == "/system.slice/x.service");
  CHECK(own_cgroup2("0::/\n") == "/");
  CHECK_FALSE(own_cgroup2("10::/a\n9:memory:/b\n"));
  CHECK_FALSE(own_cgroup2(""));
}

TEST_CASE("cgroup paths: a folder is what lies below the mounted part") {
  const CgroupMount whole{"/", "/sys/fs/cgroup"};
  CHECK(cgroup_folder(whole, "/") == "/sys/fs/cgroup");
  CHECK(cgroup_folder(whole, "/a/b") == "/sys/fs/cgroup/a/b");
  const CgroupMount part{"/docker/ab", "/cg"};
  CHECK(cgroup_folder(part, "/docker/ab") == "/cg");
  CHECK(cgroup_folder(part, "/docker/ab/x") == "/cg/x");
  CHECK_FALSE(cgroup_folder(part, "/docker/abc"));
  CHECK_FALSE(cgroup_folder(part, "/"));
}

}  // namespace
}  // namespace lc::process
