#include "net/websocket/deflate.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/verify.h"
#include "net/websocket/header_list.h"

namespace adit::net::websocket {

namespace {

// zlib cannot make a raw deflate stream with a 256-byte window.
constexpr int smallest_own_window_bits = 9;
constexpr int compression_level = 3;
constexpr int memory_level = 8;
constexpr std::array<uint8_t, 4> message_tail = {0x00, 0x00, 0xff, 0xff};

std::optional<int> window_bits_of(const std::optional<std::string>& value) {
  if (!value || value->empty() || value->size() > 2) return std::nullopt;
  int bits = 0;
  for (char c : *value) {
    if (c < '0' || c > '9') return std::nullopt;
    bits = bits * 10 + (c - '0');
  }
  // § 7.1.2: no leading zeros, 8 to 15.
  if (value->front() == '0' || bits < 8 || bits > 15) return std::nullopt;
  return bits;
}

struct Offer {
  DeflateParameters parameters;
  bool has_client_window = false;
  bool has_server_window = false;
};

// § 7.1: reads one element's parameters; nullopt when one is unknown, repeated or malformed. Only an offer may name
// client_max_window_bits without a value.
std::optional<Offer> read_parameters(const ExtensionElement& element, bool is_offer) {
  Offer offer;
  bool seen[4] = {};
  auto first_time = [&](int which) { return !std::exchange(seen[which], true); };
  for (const auto& [name, value] : element.parameters) {
    if (name == "server_no_context_takeover" && !value && first_time(0)) {
      offer.parameters.server_no_context_takeover = true;
    } else if (name == "client_no_context_takeover" && !value && first_time(1)) {
      offer.parameters.client_no_context_takeover = true;
    } else if (name == "server_max_window_bits" && first_time(2)) {
      auto bits = window_bits_of(value);
      if (!bits) return std::nullopt;
      offer.parameters.server_max_window_bits = *bits;
      offer.has_server_window = true;
    } else if (name == "client_max_window_bits" && first_time(3)) {
      auto bits = window_bits_of(value);
      if (value ? !bits : !is_offer) return std::nullopt;
      offer.parameters.client_max_window_bits = bits.value_or(15);
      offer.has_client_window = true;
    } else {
      return std::nullopt;
    }
  }
  return offer;
}

std::string header_value_of(const Offer& offer) {
  std::string value = "permessage-deflate";
  if (offer.parameters.server_no_context_takeover) value += "; server_no_context_takeover";
  if (offer.parameters.client_no_context_takeover) value += "; client_no_context_takeover";
  if (offer.has_server_window)
    value += "; server_max_window_bits=" + std::to_string(offer.parameters.server_max_window_bits);
  return value;
}

}  // namespace

std::optional<DeflateAgreement> accept_deflate_offer(std::string_view extensions_header) {
  for (const auto& element : parse_extensions(extensions_header)) {
    if (element.name != "permessage-deflate") continue;
    auto offer = read_parameters(element, true);
    if (!offer || offer->parameters.server_max_window_bits < smallest_own_window_bits) continue;
    auto header_value = header_value_of(*offer);
    // Not answered, so the client keeps a window of its choice; expanding with the largest one reads them all.
    offer->parameters.client_max_window_bits = 15;
    return DeflateAgreement{offer->parameters, std::move(header_value)};
  }
  return std::nullopt;
}

std::string_view deflate_offer() { return "permessage-deflate"; }

bool read_deflate_response(std::string_view extensions_header, std::optional<DeflateParameters>& agreed) {
  agreed.reset();
  for (const auto& element : parse_extensions(extensions_header)) {
    if (agreed || element.name != "permessage-deflate") return false;
    auto answer = read_parameters(element, false);
    // § 7.1.2.2: a server must not limit the client's window unless the client offered that.
    if (!answer || answer->has_client_window) return false;
    agreed = answer->parameters;
  }
  return true;
}

struct Inflater::State {
  z_stream stream{};
  ~State() { inflateEnd(&stream); }
};

Inflater::Inflater(int window_bits, bool resets_after_message)
    : m_window_bits(window_bits), m_resets(resets_after_message) {}
Inflater::~Inflater() = default;

Inflater::Status Inflater::append(BytesView compressed, Bytes& out, size_t limit_bytes) {
  if (!m_state) {
    m_state = std::make_unique<State>();
    VERIFY(inflateInit2(&m_state->stream, -m_window_bits) == Z_OK);
  }
  auto& stream = m_state->stream;
  stream.next_in = const_cast<Bytef*>(compressed.data());
  stream.avail_in = static_cast<uInt>(compressed.size());
  std::array<uint8_t, 16 * 1024> block;
  do {
    stream.next_out = block.data();
    stream.avail_out = block.size();
    int code = inflate(&stream, Z_SYNC_FLUSH);
    size_t produced = block.size() - stream.avail_out;
    if (produced > limit_bytes - std::min(limit_bytes, out.size())) return Status::too_large;
    out.insert(out.end(), block.begin(), block.begin() + static_cast<ptrdiff_t>(produced));
    if (code == Z_STREAM_END) {
      // A final block inside a message (§ 7.2.3.5): another stream may follow it.
      if (inflateReset(&stream) != Z_OK) return Status::corrupt;
    } else if (code == Z_BUF_ERROR) {
      break;
    } else if (code != Z_OK) {
      return Status::corrupt;
    }
  } while (stream.avail_in != 0 || stream.avail_out == 0);
  return Status::ok;
}

Inflater::Status Inflater::finish(Bytes& out, size_t limit_bytes) {
  auto status = append(message_tail, out, limit_bytes);
  if (m_resets) m_state.reset();
  return status;
}

struct Deflater::State {
  z_stream stream{};
  ~State() { deflateEnd(&stream); }
};

Deflater::Deflater(int window_bits, bool resets_after_message)
    : m_window_bits(window_bits), m_resets(resets_after_message) {}
Deflater::~Deflater() = default;

Bytes Deflater::compress(BytesView message) {
  // § 7.2.3.6: an empty message is one empty block. (zlib does not flush twice in a row, so it cannot say that.)
  if (message.empty()) return {0};
  if (!m_state) {
    m_state = std::make_unique<State>();
    VERIFY(deflateInit2(&m_state->stream, compression_level, Z_DEFLATED, -m_window_bits, memory_level,
                        Z_DEFAULT_STRATEGY) == Z_OK);
  }
  auto& stream = m_state->stream;
  stream.next_in = const_cast<Bytef*>(message.data());
  stream.avail_in = static_cast<uInt>(message.size());
  Bytes out(deflateBound(&stream, message.size()) + message_tail.size() + 8);
  size_t produced = 0;
  do {
    if (produced == out.size()) out.resize(out.size() * 2);
    stream.next_out = out.data() + produced;
    stream.avail_out = static_cast<uInt>(out.size() - produced);
    int code = deflate(&stream, Z_SYNC_FLUSH);
    VERIFY(code == Z_OK || code == Z_BUF_ERROR);
    produced = out.size() - stream.avail_out;
  } while (stream.avail_out == 0);
  VERIFY(produced >= message_tail.size() &&
         std::equal(message_tail.begin(), message_tail.end(), out.begin() + static_cast<ptrdiff_t>(produced) - 4));
  out.resize(produced - message_tail.size());
  if (m_resets) m_state.reset();
  return out;
}

}  // namespace adit::net::websocket
