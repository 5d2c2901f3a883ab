#include "common/nats_handles.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace lc {

ErrorCode js_error_code(int js_code) {
  switch (js_code) {
    case 10071:  // wrong last sequence
    case 10164:  // the same, from newer servers
    case 10070:  // wrong last message id
    case 10058:  // stream name in use with another configuration
      return ErrorCode::conflict;
    case 10059:  // stream not found
    case 10014:  // consumer not found
    case 10037:  // no message found
      return ErrorCode::not_found;
    case 10077:  // stream store failed: a limit is reached
    case 10023:  // insufficient resources
    case 10028:  // account resources exceeded
    case 10047:  // storage resources exceeded
      return ErrorCode::overloaded;
    case 10054:  // message larger than the stream allows
    case 10052:  // stream configuration refused
    case 10074:  // replicas without a cluster
      return ErrorCode::invalid_input;
    default:
      return ErrorCode::unavailable;
  }
}

namespace {

ErrorCode status_code(natsStatus status) {
  if (status == NATS_NOT_FOUND) {
    return ErrorCode::not_found;
  }
  if (status == NATS_INVALID_ARG || status == NATS_INVALID_SUBJECT || status == NATS_MAX_PAYLOAD) {
    return ErrorCode::invalid_input;
  }
  if (status == NATS_NOT_PERMITTED || status == NATS_CONNECTION_AUTH_FAILED) {
    return ErrorCode::denied;
  }
  return ErrorCode::unavailable;
}

}  // namespace

namespace {

bool is_nats_url(std::string_view url) {
  for (std::string_view scheme : {"nats://", "tls://"}) {
    if (url.starts_with(scheme)) {
      url.remove_prefix(scheme.size());
      break;
    }
  }
  url.remove_prefix(url.rfind('@') + 1);  // npos + 1 is 0
  std::size_t colon = url.rfind(':');
  if (colon != std::string_view::npos && url.find(']', colon) == std::string_view::npos) {
    std::string_view digits = url.substr(colon + 1);
    int port = 0;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    constexpr int kPortMax = 65'535;
    if (error != std::errc{} || end != digits.data() + digits.size() || port < 1 ||
        port > kPortMax) {
      return false;
    }
    url = url.substr(0, colon);
  }
  return !url.empty() && url.find_first_of("/ \t") == std::string_view::npos;
}

}  // namespace

Result<std::vector<std::string>> split_nats_urls(std::string_view list) {
  std::vector<std::string> urls;
  for (std::size_t at = 0; at <= list.size();) {
    std::size_t comma = std::min(list.find(',', at), list.size());
    std::string_view url = list.substr(at, comma - at);
    if (!is_nats_url(url)) {
      std::string_view shown = url.substr(url.rfind('@') + 1);
      return fail(ErrorCode::invalid_input,
                  "'" + std::string(shown) +
                      "' is no NATS server: give it as nats://host:port, several with commas");
    }
    urls.emplace_back(url);
    at = comma + 1;
  }
  return urls;
}

bool server_cannot_store_now(int js_code) {
  switch (js_code) {
    case 10004:  // incomplete results
    case 10007:  // not assigned to this server
    case 10008:  // temporarily unavailable: no leader
    case 10009:  // not the leader
    case 10076:  // JetStream not enabled, as while a server starts
    case 10118:  // stream is offline
    case 10158:  // the same message id is on its way
    case 10163:  // last sequence of the subject not known yet
    case 10167:  // too many requests
      return true;
    default:
      return false;
  }
}

bool lost_compare_and_set(std::string_view words) {
  return words.find("wrong last sequence") != std::string_view::npos;
}

Error nats_error(std::string_view what, natsStatus status, int js_code) {
  constexpr std::size_t kPlaceCharsMax = 40;
  // The thread's last error has the server's words, but only for the call that has just failed.
  natsStatus last = NATS_OK;
  const char* detail = nats_GetLastError(&last);
  std::string words = natsStatus_GetText(status);
  if (detail != nullptr && last == status && *detail != '\0') {
    words = detail;
    if (std::size_t place = words.find("): "); words.starts_with('(') && place < kPlaceCharsMax) {
      words.erase(0, place + 3);  // "(conn.c:1905): " is a place in nats.c
    }
  }
  ErrorCode code = js_code != 0 ? js_error_code(js_code) : status_code(status);
  if (lost_compare_and_set(words)) {
    code = ErrorCode::conflict;
  } else if (words.find("replicas > 1 not supported") != std::string::npos) {
    code = ErrorCode::invalid_input;  // buckets are made without a code
  }
  return {code, std::string(what) + ": " + words};
}

}  // namespace lc
