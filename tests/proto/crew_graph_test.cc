#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "proto/manifest.h"

using namespace lc;
using namespace lc::proto;

namespace {

// `commentator all vision@-1 goal!0`: name, policy, needs; `@` before a crew's offset, `!` before
// an event's.
Manifest crew_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  Manifest crew;
  crew.crew = {words.at(0)};
  crew.where = {words[0] + ".runtime.yaml", 1, 7};
  crew.wait_policy = words.at(1) == "all"    ? WaitPolicy::all
                     : words[1] == "any"     ? WaitPolicy::any
                     : words[1] == "timeout" ? WaitPolicy::timeout
                                             : WaitPolicy::none;
  for (std::size_t i = 2; i < words.size(); ++i) {
    const std::size_t mark = words[i].find_first_of("@!");
    crew.needs.push_back({words[i][mark] == '@' ? NeedType::crew : NeedType::event,
                          words[i].substr(0, mark), std::stoll(words[i].substr(mark + 1))});
    crew.need_where.push_back({words[0] + ".runtime.yaml", static_cast<int>(i) + 2, 11});
  }
  return crew;
}

std::vector<Manifest> crews_of(std::initializer_list<std::string_view> lines) {
  std::vector<Manifest> crews;
  for (const std::string_view line : lines) {
    crews.push_back(crew_of(line));
  }
  return crews;
}

std::vector<std::string> lines_of(const std::vector<Diagnostic>& diagnostics) {
  std::vector<std::string> lines;
  for (const Diagnostic& diagnostic : diagnostics) {
    lines.push_back(format_diagnostic(diagnostic));
  }
  return lines;
}

std::string phases_of(const std::vector<Manifest>& crews) {
  std::string out;
  for (const auto& phase : same_slice_phases(crews)) {
    out += out.empty() ? "" : " | ";
    for (std::size_t i = 0; i < phase.size(); ++i) {
      out += (i == 0 ? "" : " ") + phase[i].value;
    }
  }
  return out;
}

}  // namespace

TEST_CASE("crews: two of one name are refused, naming both places") {
  auto crews = crews_of({"vision none", "vision none"});
  crews[1].where = {"other/vision.runtime.yaml", 3, 7};
  CHECK(
      lines_of(check_crews(crews)) ==
      std::vector<std::string>{
          "other/vision.runtime.yaml:3:7: error: crew 'vision' is defined twice (it is defined in "
          "vision.runtime.yaml:1:7 already; rename one)"});
}

TEST_CASE("crews: a need of an unknown crew suggests the one that was meant") {
  const auto crews = crews_of({"commentator all visoin@-1 xyz@0", "vision none"});
  CHECK(
      lines_of(check_crews(crews)) ==
      std::vector<std::string>{
          "commentator.runtime.yaml:4:11: error: crew 'commentator' needs crew 'visoin', which is "
          "not defined (did you mean 'vision'?)",
          "commentator.runtime.yaml:5:11: error: crew 'commentator' needs crew 'xyz', which is not "
          "defined (defined crews: vision)"});
  const std::array<std::string, 2> elsewhere = {"visoin", "xyz"};
  CHECK(check_crews(crews, elsewhere).empty());
  CHECK(
      lines_of(check_crews(crews_of({"a all b@0"}))).at(0).ends_with("(no other crew is defined)"));
}

TEST_CASE("crews: a need of oneself is refused once, at any offset") {
  for (const std::string_view crew : {"a all a@0", "a all a@-1", "a any a@2"}) {
    const auto lines = lines_of(check_crews(crews_of({crew})));
    REQUIRE(lines.size() == 1);
    CHECK(lines[0] ==
          "a.runtime.yaml:4:11: error: crew 'a' needs itself (a crew reads what it did "
          "before from the context)");
  }
}

TEST_CASE("crews: what can never run is refused, what cannot run first is warned of") {
  enum Verdict { fine, warned, refused };
  struct Row {
    std::initializer_list<std::string_view> crews;
    Verdict verdict;
  };
  const std::array<Row, 19> rows = {{
      {{"a none", "b all a@0", "c all b@0 a@0"}, fine},
      {{"a all b@0", "b all a@0"}, refused},
      {{"a all b@0", "b all c@0", "c all a@0"}, refused},
      {{"a all b@1", "b all a@0"}, refused},
      {{"a all b@2", "b all a@1"}, refused},
      {{"a all b@0", "b all a@-1"}, warned},
      {{"a all b@-1", "b all a@-1"}, warned},
      {{"a all b@1", "b all a@-1"}, refused},  // each time before itself
      {{"a all b@2", "b all a@-3"}, warned},
      {{"a all b@0", "b none a@0"}, fine},        // b does not wait
      {{"a all b@0", "b timeout a@0"}, fine},     // b waits for a while only
      {{"a all b@0", "b any a@0"}, refused},      // b has nothing else
      {{"a all b@0", "b any a@0 goal!0"}, fine},  // the event lets b run
      {{"a all b@0", "b any a@0 c@0", "c none"}, fine},
      {{"a all b@0", "b all a@0 goal!0"}, refused},
      {{"a any b@0 c@0", "b any a@0", "c any a@0"}, refused},
      {{"a all b@0", "b none", "c all a@0 b@-1"}, fine},
      {{"a all b@0 c@0", "b all a@0", "c none"}, refused},
      {{"a all a@0 b@0", "b all a@0"}, refused},  // a's need of itself is the one thing to say
  }};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CAPTURE(i);
    const auto diagnostics = check_crews(crews_of(rows[i].crews));
    CAPTURE(fmt::format("{}", fmt::join(lines_of(diagnostics), "\n")));
    CHECK(diagnostics.size() == (rows[i].verdict == fine ? 0 : 1));
    CHECK(has_errors(diagnostics) == (rows[i].verdict == refused));
  }
}

TEST_CASE("crews: a cycle is reported once, with its whole path") {
  const auto crews = crews_of(
      {"a all b@0", "b all c@0", "c all a@0", "d all a@0", "e all f@0", "f all e@0", "g none"});
  CHECK(
      lines_of(check_crews(crews)) ==
      std::vector<std::string>{
          "a.runtime.yaml:4:11: error: cycle of needs: a -> b -> c -> a (a needs b@0, b needs c@0, "
          "c needs a@0): none of them can ever run (remove a need, or give one of the crews "
          "wait_policy: timeout:<ms>)",
          "e.runtime.yaml:4:11: error: cycle of needs: e -> f -> e (e needs f@0, f needs e@0): "
          "none "
          "of them can ever run (remove a need, or give one of the crews wait_policy: "
          "timeout:<ms>)"});
}

TEST_CASE("crews: a long chain is checked quickly") {
  std::vector<Manifest> crews;
  for (int i = 0; i < 500; ++i) {
    crews.push_back(crew_of(fmt::format("c{} all c{}@0", i, i + 1)));
  }
  crews.push_back(crew_of("c500 none"));
  CHECK(check_crews(crews).empty());
  CHECK(same_slice_phases(crews).size() == 501);
}

TEST_CASE("phases: crews come after those that they wait for in the same slice") {
  CHECK(phases_of({}).empty());
  CHECK(phases_of(crews_of({"c all b@0", "b all a@0", "a none", "d all a@-1"})) == "a d | b | c");
  CHECK(phases_of(crews_of({"d all b@0 c@0", "b all a@0", "c all a@0", "a none"})) ==
        "a | b c | d");
  CHECK(phases_of(crews_of({"b none a@0", "a none"})) == "a b");    // b does not wait
  CHECK(phases_of(crews_of({"b all goal!0", "a none"})) == "a b");  // events are there already
  CHECK(phases_of(crews_of({"a all b@0", "b timeout a@0"})) == "b | a");
}

TEST_CASE("phases: every crew is in exactly one, after all that it waits for") {
  std::uint64_t state = 12'345;  // a fixed sequence: the test is the same each time
  const auto next = [&state](std::uint64_t bound) {
    state = state * 6'364'136'223'846'793'005ULL + 1'442'695'040'888'963'407ULL;
    return (state >> 33U) % bound;
  };
  for (int round = 0; round < 200; ++round) {
    std::vector<Manifest> crews;
    const std::uint64_t count = 1 + next(12);
    for (std::uint64_t i = 0; i < count; ++i) {
      std::string line = fmt::format("c{} all", i);
      for (std::uint64_t j = 0; j < i; ++j) {
        if (next(3) == 0) {
          line += fmt::format(" c{}@{}", j, next(2) == 0 ? 0 : -1);
        }
      }
      crews.push_back(crew_of(line));
    }
    REQUIRE(check_crews(crews).empty());
    std::set<std::string> seen;
    for (const auto& phase : same_slice_phases(crews)) {
      for (const CrewId& crew : phase) {
        const auto it = std::ranges::find(crews, crew, &Manifest::crew);
        for (const Need& need : it->needs) {
          CHECK((need.offset != 0 || seen.contains(need.name)));
        }
      }
      for (const CrewId& crew : phase) {
        CHECK(seen.insert(crew.value).second);
      }
    }
    CHECK(seen.size() == crews.size());
  }
}
