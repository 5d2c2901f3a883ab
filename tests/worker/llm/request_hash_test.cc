#include "worker/llm/request_hash.h"

#include <doctest/doctest.h>

#include <set>
#include <vector>

namespace lc::worker {
namespace {

const ChatRequest kWhole = {.model = "tiny",
                            .system = "You speak of \"match42\".",
                            .user = "1-0\nat 84",
                            .temperature = "0.20",
                            .max_tokens = 80};

// These texts and digests are those of recordings that exist: a change makes them unplayable.
TEST_CASE("request hash: the canonical text and its digest are what they always were") {
  CHECK(canonical_request(kWhole) ==
        R"({"model":"tiny","system":"You speak of \"match42\".","user":"1-0\nat 84",)"
        R"("temperature":0.20,"max_tokens":80})");
  CHECK(request_hash(kWhole) == "476afd28665ab7574e73307a728604eacefbd1cddc828a32f7c1776cf9ccf314");
  CHECK(canonical_request({}) ==
        R"({"model":"","system":"","user":"","temperature":null,"max_tokens":null})");
  CHECK(request_hash({}) == "3943b3e086d1f7694b8f24a8255d7f58f4eb42216cc7420f1b4d0eb0b6d431dd");
}

TEST_CASE("request hash: every field counts") {
  std::vector<ChatRequest> requests(8, kWhole);
  requests[1].model = "large";
  requests[2].system = "";
  requests[3].user = "1-0\nat 85";
  requests[4].temperature = "0.2";  // as written
  requests[5].temperature.reset();
  requests[6].max_tokens = 81;
  requests[7].max_tokens.reset();
  ChatRequest moved = kWhole;  // the same words, in another place
  moved.system = kWhole.user;
  moved.user = kWhole.system;
  requests.push_back(moved);
  std::set<std::string> hashes;
  for (const ChatRequest& request : requests) {
    hashes.insert(request_hash(request));
  }
  CHECK(hashes.size() == requests.size());
}

}  // namespace
}  // namespace lc::worker
