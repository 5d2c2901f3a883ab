// Checking crews against each other.
//
// A need of a crew is an edge. Which crews can ever run is a least fixed point: a crew can run when
// its policy lets it (`none`, `timeout`), or when what it waits for can happen; an event always
// can. Crews outside the fixed point wait for each other in a circle. The fixed point is taken
// twice: first with every need of an earlier slice taken to hold, so that what is left over waits
// inside one slice or for the future, which is an error; then with all needs, so that what is left
// over could only run if one of the crews had run before, which is a warning.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "proto/manifest.h"

namespace lc::proto {
namespace {

enum class Earlier { holds, must_happen };

using CrewMap = std::map<std::string_view, const Manifest*>;

bool may_hold(const Need& need, const std::set<std::string_view>& runnable, Earlier earlier) {
  return need.type == NeedType::event || runnable.contains(need.name) ||
         (need.offset < 0 && earlier == Earlier::holds);
}

bool can_run(const Manifest& crew, const std::set<std::string_view>& runnable, Earlier earlier) {
  const auto holds = [&runnable, earlier](const Need& need) {
    return may_hold(need, runnable, earlier);
  };
  switch (crew.wait_policy) {
    case WaitPolicy::none:
    case WaitPolicy::timeout:
      return true;
    case WaitPolicy::any:
      return crew.needs.empty() || std::ranges::any_of(crew.needs, holds);
    case WaitPolicy::all:
      return std::ranges::all_of(crew.needs, holds);
  }
  return true;
}

// The crews that can never run; those that can join `runnable`, which holds already those that are
// taken to run for other reasons.
std::set<std::string_view> stuck_crews(const CrewMap& crews, std::set<std::string_view>& runnable,
                                       Earlier earlier) {
  std::set<std::string_view> stuck;
  for (const auto& [name, crew] : crews) {
    stuck.insert(name);
  }
  for (bool grew = true; grew;) {
    grew = false;
    for (auto it = stuck.begin(); it != stuck.end();) {
      if (can_run(*crews.at(*it), runnable, earlier)) {
        runnable.insert(*it);
        it = stuck.erase(it);
        grew = true;
      } else {
        ++it;
      }
    }
  }
  return stuck;
}

struct Edge {
  const Manifest* crew;
  std::size_t need;
};

// Follows from each stuck crew the first need that cannot hold until a crew comes twice: a circle.
// Each circle is found once.
std::vector<std::vector<Edge>> find_circles(const CrewMap& crews, Earlier earlier,
                                            std::set<std::string_view>& runnable) {
  const std::set<std::string_view> stuck = stuck_crews(crews, runnable, earlier);
  std::vector<std::vector<Edge>> found;
  std::set<std::string_view> visited;
  for (const std::string_view start : stuck) {
    std::vector<Edge> path;
    std::string_view at = start;
    while (visited.insert(at).second) {
      const Manifest* crew = crews.at(at);
      const auto blocked = std::ranges::find_if(crew->needs, [&runnable, earlier](const Need& n) {
        return !may_hold(n, runnable, earlier);
      });
      path.push_back({crew, static_cast<std::size_t>(blocked - crew->needs.begin())});
      at = blocked->name;
    }
    const auto entry =
        std::ranges::find_if(path, [at](const Edge& edge) { return edge.crew->crew.value == at; });
    if (entry != path.end()) {
      found.emplace_back(entry, path.end());
    }
  }
  return found;
}

// `a needs b@0, b needs a@0`
std::string describe_circle(const std::vector<Edge>& circle) {
  std::string out;
  for (const Edge& edge : circle) {
    out += fmt::format("{}{} needs {}", out.empty() ? "" : ", ", edge.crew->crew.value,
                       need_label(edge.crew->needs[edge.need]));
  }
  return out;
}

Diagnostic circle_diagnostic(const std::vector<Edge>& circle) {
  std::int64_t sum = 0;
  std::string path;
  for (const Edge& edge : circle) {
    sum += edge.crew->needs[edge.need].offset;
    path += edge.crew->crew.value + " -> ";
  }
  path += circle.front().crew->crew.value;
  const SourceLocation where = circle.front().crew->need_where[circle.front().need];
  if (sum >= 0) {
    return {where, Severity::error,
            fmt::format("cycle of needs: {} ({}): none of them can ever run", path,
                        describe_circle(circle)),
            "remove a need, or give one of the crews wait_policy: timeout:<ms>"};
  }
  return {where, Severity::warning,
          fmt::format("cycle of needs: {} ({}): on a new stream none of them can run first", path,
                      describe_circle(circle)),
          "give one of the crews wait_policy: timeout:<ms>"};
}

std::vector<Diagnostic> check_names(const std::vector<Manifest>& crews, CrewMap& by_name) {
  std::vector<Diagnostic> diagnostics;
  for (const Manifest& crew : crews) {
    const auto [first, fresh] = by_name.emplace(crew.crew.value, &crew);
    if (!fresh) {
      const SourceLocation& other = first->second->where;
      diagnostics.push_back({crew.where, Severity::error,
                             fmt::format("crew '{}' is defined twice", crew.crew.value),
                             fmt::format("it is defined in {}:{}:{} already; rename one",
                                         other.file, other.line, other.column)});
    }
  }
  return diagnostics;
}

Diagnostic unknown_crew(const Manifest& crew, std::size_t index,
                        std::span<const std::string_view> known) {
  constexpr std::size_t kListedMax = 20;
  const std::string& name = crew.needs[index].name;
  const std::string_view meant = nearest(name, known);
  std::string hint;
  if (!meant.empty()) {
    hint = fmt::format("did you mean '{}'?", meant);
  } else {
    hint = known.empty()
               ? "no other crew is defined"
               : fmt::format("defined crews: {}",
                             fmt::join(known.first(std::min(known.size(), kListedMax)), ", "));
  }
  return {crew.need_where[index], Severity::error,
          fmt::format("crew '{}' needs crew '{}', which is not defined", crew.crew.value, name),
          std::move(hint)};
}

std::vector<Diagnostic> check_needs(const std::vector<Manifest>& crews, const CrewMap& by_name,
                                    std::span<const std::string> also_known) {
  std::vector<Diagnostic> diagnostics;
  for (const Manifest& crew : crews) {
    std::set<std::string_view> known(also_known.begin(), also_known.end());
    for (const auto& [name, other] : by_name) {
      known.insert(name);
    }
    known.erase(crew.crew.value);
    const std::vector<std::string_view> names(known.begin(), known.end());
    for (std::size_t i = 0; i < crew.needs.size(); ++i) {
      const Need& need = crew.needs[i];
      if (need.type == NeedType::event) {
        continue;
      }
      if (need.name == crew.crew.value) {
        diagnostics.push_back({crew.need_where[i], Severity::error,
                               fmt::format("crew '{}' needs itself", need.name),
                               "a crew reads what it did before from the context"});
      } else if (!known.contains(need.name)) {
        diagnostics.push_back(unknown_crew(crew, i, names));
      }
    }
  }
  return diagnostics;
}

}  // namespace

std::vector<Diagnostic> check_crews(const std::vector<Manifest>& crews,
                                    std::span<const std::string> also_known) {
  CrewMap by_name;
  std::vector<Diagnostic> diagnostics = check_names(crews, by_name);
  std::vector<Diagnostic> needs = check_needs(crews, by_name, also_known);
  diagnostics.insert(diagnostics.end(), needs.begin(), needs.end());

  // A need that is reported already (unknown crew, oneself) must not make a circle too.
  std::set<std::string_view> runnable(also_known.begin(), also_known.end());
  for (const Manifest& crew : crews) {
    for (const Need& need : crew.needs) {
      if (need.type == NeedType::crew &&
          (need.name == crew.crew.value || !by_name.contains(need.name))) {
        runnable.insert(need.name);
      }
    }
  }
  for (const Earlier earlier : {Earlier::holds, Earlier::must_happen}) {
    std::set<std::string_view> can_run = runnable;
    for (const auto& circle : find_circles(by_name, earlier, can_run)) {
      diagnostics.push_back(circle_diagnostic(circle));
      for (const Edge& edge : circle) {
        runnable.insert(edge.crew->crew.value);  // reported: not again in the second round
      }
    }
  }
  sort_diagnostics(diagnostics);
  return diagnostics;
}

std::vector<std::vector<CrewId>> same_slice_phases(const std::vector<Manifest>& crews) {
  std::map<std::string_view, const Manifest*> open;
  for (const Manifest& crew : crews) {
    open.emplace(crew.crew.value, &crew);
  }
  const auto waits = [&open](const Manifest& crew) {
    return crew.wait_policy != WaitPolicy::none &&
           std::ranges::any_of(crew.needs, [&open](const Need& need) {
             return need.type == NeedType::crew && need.offset == 0 && open.contains(need.name);
           });
  };
  std::vector<std::vector<CrewId>> phases;
  while (!open.empty()) {
    std::vector<CrewId> phase;
    for (const auto& [name, crew] : open) {
      if (!waits(*crew)) {
        phase.push_back(crew->crew);
      }
    }
    if (phase.empty()) {
      // A circle: one that need not wait for ever starts it.
      const auto starter = std::ranges::find_if(
          open, [](const auto& entry) { return entry.second->wait_policy != WaitPolicy::all; });
      phase.push_back((starter == open.end() ? open.begin() : starter)->second->crew);
    }
    for (const CrewId& crew : phase) {
      open.erase(crew.value);
    }
    phases.push_back(std::move(phase));
  }
  return phases;
}

}  // namespace lc::proto
