#pragma once

#include <memory>

#include "common/result.h"
#include "worker/llm/model.h"
#include "worker/llm/settings.h"
#include "worker/progress.h"

namespace lc::worker {

inline constexpr std::size_t kChatBytesMax = std::size_t{4} << 20;  // of one answer's body

/// Asks an OpenAI-compatible service over HTTP. One connection, kept open between questions.
class HttpModelClient : public ModelClient {
 public:
  /// `on_progress` is called when bytes went to the service or came from it, and at each retry.
  ///
  /// Errors: unavailable - libcurl cannot be set up.
  static Result<std::unique_ptr<HttpModelClient>> create(LlmSettings settings,
                                                         OnProgress on_progress);
  HttpModelClient(const HttpModelClient&) = delete;
  HttpModelClient& operator=(const HttpModelClient&) = delete;
  ~HttpModelClient() override;

  void begin(SliceIndex, Attempt) override {}
  Result<ChatAnswer> complete(const ChatRequest& request, Micros budget) override;

 private:
  struct Curl;
  struct Exchange;

  HttpModelClient(LlmSettings settings, std::unique_ptr<Curl> curl, OnProgress on_progress);
  Exchange exchange(const std::string& body, Micros budget);
  Error explain(const Exchange& exchange, const ChatRequest& request) const;

  LlmSettings settings_;
  std::unique_ptr<Curl> curl_;
  OnProgress on_progress_;
  std::uint64_t random_;
};

}  // namespace lc::worker
