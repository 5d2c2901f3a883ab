#pragma once

#include <string>

#include "worker/llm/model.h"

namespace lc::worker {

/// The request as one JSON object of all its fields, in a fixed order: different requests have
/// different texts. worker/llm/README.md shows one; recordings depend on it.
std::string canonical_request(const ChatRequest& request);

/// SHA-256 of the canonical text, as 64 lower-case hex digits: what a recording knows it by.
std::string request_hash(const ChatRequest& request);

}  // namespace lc::worker
