#include "worker/llm/http_model.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <string_view>

#include "common/clock.h"
#include "worker/llm/chat.h"
#include "worker/llm/curl_library.h"
#include "worker/llm/retry.h"

namespace lc::worker {
namespace {

constexpr std::int64_t kConnectTimeoutMs = 5'000;

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

std::string_view trim(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) {
    return {};
  }
  return text.substr(start, text.find_last_not_of(" \t\r\n") - start + 1);
}

// Waits out a backoff; there is no event that could end it early.
void wait(Micros delay) {
  poll(nullptr, 0, static_cast<int>((delay.us + 999) / 1000));
}

// splitmix64
std::uint64_t next_random(std::uint64_t& state) {
  state += 0x9E3779B97F4A7C15ULL;
  std::uint64_t z = state;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31U);
}

std::string advice(int status, const ServiceError& error, const LlmSettings& settings,
                   const std::string& model) {
  if (error.code == "insufficient_quota") {
    return "the account has no quota left";
  }
  switch (status) {
    case 401:
    case 403:
      return fmt::format("check the key in {}", settings.key_variable);
    case 404:
      return settings.base_url.find("/v1") == std::string::npos
                 ? "llm.base_url has no /v1 at its end: most services need it"
                 : fmt::format("check llm.base_url, and that the service has model '{}'", model);
    case 429:
      return "the service limits requests: raise the limit or slice_stride";
    default:
      return status >= 500 ? "the service failed: see its log"
                           : "the service does not accept the request: check model and prompts";
  }
}

}  // namespace

struct HttpModelClient::Curl {
  CurlLibrary library;
  CURL* handle = nullptr;
  curl_slist* headers = nullptr;

  explicit Curl(const CurlLibrary& loaded) : library(loaded), handle(library.easy_init()) {}
  Curl(const Curl&) = delete;
  Curl& operator=(const Curl&) = delete;
  ~Curl() {
    library.easy_cleanup(handle);
    library.slist_free_all(headers);
  }

  void add_header(const std::string& line) {
    headers = library.slist_append(headers, line.c_str());
  }
};

struct HttpModelClient::Exchange {
  CURLcode result = CURLE_OK;
  std::array<char, CURL_ERROR_SIZE> detail{};
  std::string body;
  bool too_long = false;
  ServiceError error;
  Failure failure;
};

namespace {

/// Tells of progress when bytes have moved; libcurl also calls once a second when none have.
struct Traffic {
  const OnProgress& on_progress;
  curl_off_t moved = 0;
};

int on_transfer(void* user, curl_off_t, curl_off_t down, curl_off_t, curl_off_t up) noexcept {
  auto& traffic = *static_cast<Traffic*>(user);
  if (const curl_off_t moved = down + up; moved > traffic.moved) {
    traffic.moved = moved;
    traffic.on_progress();
  }
  return 0;
}

std::size_t on_body(const char* data, std::size_t size, std::size_t count, void* user) noexcept {
  auto& [body, too_long] = *static_cast<std::pair<std::string*, bool*>*>(user);
  const std::size_t bytes = size * count;
  if (body->size() + bytes > kChatBytesMax) {
    *too_long = true;
    return 0;  // ends the transfer
  }
  body->append(data, bytes);
  return bytes;
}

std::size_t on_header(const char* data, std::size_t size, std::size_t count, void* user) noexcept {
  auto& failure = *static_cast<Failure*>(user);
  const std::string_view line(data, size * count);
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    const std::string name = lower(line.substr(0, colon));
    const std::string_view value = trim(line.substr(colon + 1));
    if (name == "x-should-retry") {
      failure.should_retry = value == "true";
    } else if (name == "retry-after-ms") {
      std::int64_t ms = 0;
      const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), ms);
      if (problem == std::errc()) {
        failure.retry_after = millis(std::clamp<std::int64_t>(ms, 0, 86'400'000));
      }
    }
  }
  return line.size();
}

}  // namespace

HttpModelClient::HttpModelClient(LlmSettings settings, std::unique_ptr<Curl> curl,
                                 OnProgress on_progress)
    : settings_(std::move(settings)),
      curl_(std::move(curl)),
      on_progress_(std::move(on_progress)),
      random_(static_cast<std::uint64_t>(getpid())) {}

HttpModelClient::~HttpModelClient() = default;

Result<std::unique_ptr<HttpModelClient>> HttpModelClient::create(LlmSettings settings,
                                                                 OnProgress on_progress) {
  LC_TRY(const CurlLibrary library, load_curl());
  auto curl = std::make_unique<Curl>(library);
  if (curl->handle == nullptr) {
    return fail(ErrorCode::unavailable, "libcurl gives no handle");
  }
  curl->add_header("Content-Type: application/json");
  curl->add_header("Accept: application/json");
  curl->add_header("Expect:");  // do not wait for a 100 before the body
  curl->add_header("Authorization: Bearer " + settings.key);
  if (!settings.organization.empty()) {
    curl->add_header("OpenAI-Organization: " + settings.organization);
  }
  if (!settings.project.empty()) {
    curl->add_header("OpenAI-Project: " + settings.project);
  }
  CURL* handle = curl->handle;
  library.easy_setopt(handle, CURLOPT_URL, (settings.base_url + "/chat/completions").c_str());
  library.easy_setopt(handle, CURLOPT_HTTPHEADER, curl->headers);
  library.easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  library.easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  library.easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(kConnectTimeoutMs));
  library.easy_setopt(handle, CURLOPT_USERAGENT, "live-crew");
  library.easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
  library.easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
  library.easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, on_transfer);
  library.easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  return std::unique_ptr<HttpModelClient>(
      new HttpModelClient(std::move(settings), std::move(curl), std::move(on_progress)));
}

HttpModelClient::Exchange HttpModelClient::exchange(const std::string& body, Micros budget) {
  Exchange exchange;
  std::pair<std::string*, bool*> sink(&exchange.body, &exchange.too_long);
  Traffic traffic{.on_progress = on_progress_};
  CURL* handle = curl_->handle;
  curl_->library.easy_setopt(handle, CURLOPT_XFERINFODATA, &traffic);
  curl_->library.easy_setopt(handle, CURLOPT_POSTFIELDS, body.data());
  curl_->library.easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                             static_cast<curl_off_t>(body.size()));
  curl_->library.easy_setopt(handle, CURLOPT_TIMEOUT_MS,
                             static_cast<long>(std::max<std::int64_t>(1, budget.us / 1000)));
  curl_->library.easy_setopt(handle, CURLOPT_WRITEDATA, &sink);
  curl_->library.easy_setopt(handle, CURLOPT_HEADERDATA, &exchange.failure);
  curl_->library.easy_setopt(handle, CURLOPT_ERRORBUFFER, exchange.detail.data());
  exchange.result = curl_->library.easy_perform(handle);
  curl_->library.easy_setopt(handle, CURLOPT_ERRORBUFFER, nullptr);
  if (exchange.result == CURLE_OK) {
    long status = 0;
    curl_->library.easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    exchange.failure.status = static_cast<int>(status);
    curl_off_t after_s = 0;
    curl_->library.easy_getinfo(handle, CURLINFO_RETRY_AFTER, &after_s);
    if (after_s > 0 && !exchange.failure.retry_after) {
      exchange.failure.retry_after = seconds(after_s);
    }
    if (status != 200) {
      exchange.error = parse_service_error(exchange.body);
      exchange.failure.code = exchange.error.code;
    }
  }
  return exchange;
}

Error HttpModelClient::explain(const Exchange& exchange, const ChatRequest& request) const {
  const std::string url = printable_url(settings_.base_url) + "/chat/completions";
  if (exchange.too_long) {
    return {ErrorCode::overloaded,
            fmt::format("model service {}: an answer over {} bytes", url, kChatBytesMax)};
  }
  if (exchange.result != CURLE_OK) {
    const std::string_view detail = exchange.detail.front() != '\0'
                                        ? std::string_view(exchange.detail.data())
                                        : curl_->library.easy_strerror(exchange.result);
    return {ErrorCode::unavailable,
            fmt::format("model service {}: {} (is it running, and is llm.base_url right?)", url,
                        detail)};
  }
  const int status = exchange.failure.status;
  const bool refused =
      status == 401 || status == 403 || exchange.failure.code == "insufficient_quota";
  const bool ours = status >= 400 && status < 500 && status != 408 && status != 429;
  return {refused ? ErrorCode::denied
          : ours  ? ErrorCode::invalid_input
                  : ErrorCode::unavailable,
          fmt::format("model service {} answered {}: {} ({})", url, status, exchange.error.message,
                      advice(status, exchange.error, settings_, request.model))};
}

Result<ChatAnswer> HttpModelClient::complete(const ChatRequest& request, Micros budget) {
  const MonoTime end = monotonic_now() + std::min(budget, millis(settings_.timeout_ms));
  ChatRequest named = request;
  if (named.model.empty()) {
    named.model = settings_.model;
  }
  const std::string body = write_chat_request(named, is_openai(settings_.base_url)
                                                         ? TokenLimitName::max_completion_tokens
                                                         : TokenLimitName::max_tokens);
  for (int retries = 0;; ++retries) {
    const Exchange done = exchange(body, end - monotonic_now());
    if (done.result == CURLE_OK && done.failure.status == 200) {
      auto answer = parse_chat_answer(done.body);
      if (!answer) {
        return within(
            fmt::format("model service {}/chat/completions", printable_url(settings_.base_url)),
            answer.error());
      }
      return answer;
    }
    const auto delay =
        done.too_long ? std::nullopt : retry_delay(done.failure, retries, next_random(random_));
    if (!delay || monotonic_now() + *delay >= end) {
      return std::unexpected(explain(done, named));
    }
    on_progress_();
    wait(*delay);
    on_progress_();
  }
}

}  // namespace lc::worker
