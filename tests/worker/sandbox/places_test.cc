#include "worker/sandbox/places.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>

namespace lc::worker {
namespace {

const std::string kHome = "/srv/people/ann";

std::optional<Access> access_to(const std::vector<Place>& places, const std::string& path) {
  const auto found = std::ranges::find(places, path, &Place::path);
  return found == places.end() ? std::nullopt : std::optional(found->access);
}

TEST_CASE("places: neither the root, nor what is directly below, nor a home is specific") {
  struct Row {
    std::string folder;
    bool specific;
  };
  const Row rows[] = {{"/", false},
                      {"", false},
                      {"usr/bin", false},
                      {"/srv", false},
                      {"/srv/", false},
                      {"/srv/..", false},
                      {"/" + std::string("home") + "/ben", false},
                      {"/" + std::string("home") + "/ben/", false},
                      {"/" + std::string("home") + "/ben/venv", true},
                      {"/srv/people", true},
                      {"/srv/people/ann", false},
                      {"/srv/people/ann/", false},
                      {"/srv/people/ann/.pyenv", true},
                      {"/srv/people/ann/.pyenv/../", false}};
  for (const Row& row : rows) {
    CAPTURE(row.folder);
    CHECK(is_specific(row.folder, kHome) == row.specific);
  }
}

TEST_CASE("places: folders of variables come with their installation, but never a home") {
  const auto places = places_of(
      {}, {},
      {{"HOME", kHome},
       {"PATH", kHome + "/bin:" + kHome + "/.local/bin:/srv/py/3.11/bin:relative:/srv::/usr/bin"},
       {"VIRTUAL_ENV", "/srv/venvs/one/"},
       {"PYTHONPATH", "/srv/lib/python:" + kHome},
       {"SSL_CERT_FILE", "/srv/certs/all.pem"}});
  for (const std::string& path :
       {kHome + "/bin", kHome + "/.local/bin", kHome + "/.local/lib",
        std::string("/srv/py/3.11/bin"), std::string("/srv/py/3.11"), std::string("/srv/venvs/one"),
        std::string("/srv/lib/python"), std::string("/srv/certs/all.pem")}) {
    CAPTURE(path);
    CHECK(access_to(places, path) == Access::read);
  }
  for (const std::string& path : {kHome, kHome + "/.local", std::string("/srv"), std::string("/"),
                                  std::string("relative"), std::string("")}) {
    CAPTURE(path);
    CHECK(access_to(places, path) == std::nullopt);
  }
}

TEST_CASE("places: the crew's folder is written at standard only, its scratch folder always") {
  const Whereabouts where{.executable = "/opt/lc/bin/lcworker",
                          .python_dir = "/srv/share/python",
                          .crew_folder = "/srv/crews/vision",
                          .scratch = "/srv/tmp/lcworker.x"};
  proto::Sandbox sandbox{.read = {"/srv/models"}, .write = {"/srv/data"}};
  const auto standard = places_of(sandbox, where, {});
  CHECK(access_to(standard, "/srv/crews/vision") == Access::change);
  CHECK(access_to(standard, "/dev/shm") == Access::scratch);
  sandbox.level = proto::SandboxLevel::strict;
  const auto strict = places_of(sandbox, where, {});
  CHECK(access_to(strict, "/srv/crews/vision") == Access::read);
  CHECK(access_to(strict, "/dev/shm") == std::nullopt);
  for (const auto& places : {standard, strict}) {
    CHECK(access_to(places, "/srv/tmp/lcworker.x") == Access::scratch);
    CHECK(access_to(places, "/srv/models") == Access::read);
    CHECK(access_to(places, "/srv/data") == Access::change);
    CHECK(access_to(places, "/opt/lc/bin") == Access::read);
    CHECK(access_to(places, "/srv/share/python") == Access::read);
    CHECK(access_to(places, "/dev/null") == Access::device);
    CHECK(access_to(places, "/etc/shadow") == std::nullopt);
    CHECK(access_to(places, "/etc") == std::nullopt);
  }
  CHECK(std::ranges::count_if(strict, [](const Place& place) { return place.required; }) == 4);
}

}  // namespace
}  // namespace lc::worker
