#include "supervisor/process/cgroup_paths.h"

#include <algorithm>
#include <charconv>
#include <utility>
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

struct MountLine {
  CgroupMount mount;
  std::string_view type;
  std::string_view options;  // of the file system: `rw,memory`
};

// ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAGS...] - TYPE SOURCE SUPER_OPTIONS
std::optional<MountLine> parse_mount(std::string_view line) {
  const std::vector<std::string_view> words = split(line, ' ');
  constexpr std::size_t kRoot = 3;
  constexpr std::size_t kPoint = 4;
  constexpr std::size_t kTags = 6;
  const auto dash =
      words.size() < kTags ? words.end() : std::find(words.begin() + kTags, words.end(), "-");
  if (words.end() - dash < 4) {
    return std::nullopt;
  }
  return MountLine{
      {unescaped(words[kRoot]), unescaped(words[kPoint]), lists(dash[3], "favordynmods")},
      dash[1],
      dash[3]};
}

}  // namespace

std::optional<CgroupMount> find_cgroup2(std::string_view mountinfo) {
  for (const std::string_view line : split(mountinfo, '\n')) {
    if (auto found = parse_mount(line); found && found->type == "cgroup2") {
      return std::move(found->mount);
    }
  }
  return std::nullopt;
}

std::optional<CgroupMount> find_cgroup1(std::string_view mountinfo, std::string_view controller) {
  for (const std::string_view line : split(mountinfo, '\n')) {
    auto found = parse_mount(line);
    if (found && found->type == "cgroup" && lists(found->options, controller)) {
      return std::move(found->mount);
    }
  }
  return std::nullopt;
}

bool lists(std::string_view words, std::string_view word) {
  for (std::size_t at = words.find(word); at != std::string_view::npos;
       at = words.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    const auto is_edge = [&words](std::size_t i) {
      return words[i] == ',' || words[i] == ' ' || words[i] == '\n';
    };
    if ((at == 0 || is_edge(at - 1)) && (end == words.size() || is_edge(end))) {
      return true;
    }
  }
  return false;
}

std::optional<std::int64_t> counter_in(std::string_view text, std::string_view key) {
  for (std::string_view line : split(text, '\n')) {
    if (!line.starts_with(key) || !line.substr(key.size()).starts_with(' ')) {
      continue;
    }
    line.remove_prefix(key.size() + 1);
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
    if (error == std::errc{}) {
      return number;
    }
  }
  return std::nullopt;
}

std::optional<std::string> own_cgroup1(std::string_view proc_cgroup, std::string_view controller) {
  for (const std::string_view line : split(proc_cgroup, '\n')) {
    const std::vector<std::string_view> parts = split(line, ':');  // ID:CONTROLLERS:PATH
    if (parts.size() >= 3 && lists(parts[1], controller)) {
      return std::string(line.substr(parts[0].size() + parts[1].size() + 2));
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

std::optional<std::string> cgroup_folder(const CgroupMount& mount, std::string_view own) {
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
