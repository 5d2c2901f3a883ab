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
