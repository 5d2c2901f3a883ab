#include "supervisor/process/cgroup_paths.h"

#include <algorithm>
#include <vector>

namespace lc::process {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(end + 1);
  }
}

bool is_octal(char c) {
  return c >= '0' && c <= '7';
}

// The kernel writes blanks, tabs, line feeds and backslashes as `\040`.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\' && at + 3 < text.size() && is_octal(text[at + 1]) &&
        is_octal(text[at + 2]) && is_octal(text[at + 3])) {
      const int code = (text[at + 1] - '0') * 64 + (text[at + 2] - '0') * 8 + (text[at + 3] - '0');
      out += static_cast<char>(code);
      at += 3;
    } else {
      out += text[at];
    }
  }
  return out;
}

}  // namespace

std::optional<Cgroup2Mount> find_cgroup2(std::string_view mountinfo) {
  for (const std::string_view line : split(mountinfo, '\n')) {
    // ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAGS...] - TYPE SOURCE SUPER_OPTIONS
    const std::vector<std::string_view> words = split(line, ' ');
    constexpr std::size_t kRoot = 3;
    constexpr std::size_t kPoint = 4;
    constexpr std::size_t kTags = 6;
    const auto dash =
        words.size() < kTags ? words.end() : std::find(words.begin() + kTags, words.end(), "-");
    if (dash != words.end() && dash + 1 != words.end() && dash[1] == "cgroup2") {
      return Cgroup2Mount{unescaped(words[kRoot]), unescaped(words[kPoint])};
    }
  }
  return std::nullopt;
}

std::optional<std::string> own_cgroup2(std::string_view proc_cgroup) {
  for (const std::string_view line : split(proc_cgroup, '\n')) {
    if (line.starts_with("0::/")) {
      return std::string(line.substr(3));
    }
  }
  return std::nullopt;
}

std::optional<std::string> cgroup_folder(const Cgroup2Mount& mount, std::string_view own) {
  std::string_view below = own;
  if (mount.root != "/") {
    if (!below.starts_with(mount.root)) {
      return std::nullopt;
    }
    below.remove_prefix(mount.root.size());
    if (!below.empty() && !below.starts_with('/')) {
      return std::nullopt;
    }
  }
  return below == "/" ? mount.point : mount.point + std::string(below);
}

}  // namespace lc::process
