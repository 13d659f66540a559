#include "net/websocket/response_parser.h"

namespace adit::net {

namespace {
constexpr size_t head_limit_bytes = 128 * 1024;
}

int ResponseParser::append(std::string& to, const char* data, size_t size) {
  m_head_bytes += size;
  if (m_head_bytes > head_limit_bytes) return -1;
  to.append(data, size);
  return 0;
}

ResponseParser::ResponseParser() {
  llhttp_settings_init(&m_settings);
  m_settings.on_status = [](llhttp_t* parser, const char* data, size_t size) {
    return self(parser).append(self(parser).m_head.status_text, data, size);
  };
  m_settings.on_header_field = [](llhttp_t* parser, const char* data, size_t size) {
    return self(parser).append(self(parser).m_field, data, size);
  };
  m_settings.on_header_value = [](llhttp_t* parser, const char* data, size_t size) {
    return self(parser).append(self(parser).m_value, data, size);
  };
  m_settings.on_header_value_complete = [](llhttp_t* parser) {
    auto& me = self(parser);
    // Trailers come after the head was given out; they are not kept.
    if (!me.m_has_head) me.m_head.header_block.append(me.m_field).append(1, '\0').append(me.m_value).append(1, '\0');
    me.m_field.clear();
    me.m_value.clear();
    return 0;
  };
  m_settings.on_headers_complete = [](llhttp_t* parser) {
    auto& me = self(parser);
    me.m_head.status = parser->status_code;
    me.m_head.http_version = std::to_string(parser->http_major) + "." + std::to_string(parser->http_minor);
    if (parser->status_code == 101) {
      me.m_has_head = true;
      return 2;  // llhttp: no body, the rest is another protocol's
    }
    me.m_has_head = parser->status_code >= 200;
    return 0;
  };
  m_settings.on_body = [](llhttp_t* parser, const char* data, size_t size) {
    auto view = bytes_of({data, size});
    self(parser).m_body.insert(self(parser).m_body.end(), view.begin(), view.end());
    return 0;
  };
  m_settings.on_message_complete = [](llhttp_t* parser) -> int {
    auto& me = self(parser);
    if (!me.m_has_head) {
      me.m_head = {};  // an interim response
      return 0;
    }
    me.m_complete = true;
    return HPE_PAUSED;
  };
  llhttp_init(&m_parser, HTTP_RESPONSE, &m_settings);
  m_parser.data = this;
}

Result<size_t> ResponseParser::feed(BytesView data) {
  auto text = text_of(data);
  auto code = llhttp_execute(&m_parser, text.data(), text.size());
  if (code == HPE_OK) return data.size();
  if ((code == HPE_PAUSED || code == HPE_PAUSED_UPGRADE) && m_has_head)
    return static_cast<size_t>(llhttp_get_error_pos(&m_parser) - text.data());
  return Error(ErrorKind::network,
               std::string("The server's answer is not HTTP: ") + llhttp_get_error_reason(&m_parser) + ".");
}

Result<void> ResponseParser::finish() {
  if (m_complete) return {};
  auto code = llhttp_finish(&m_parser);
  if ((code == HPE_OK || code == HPE_PAUSED) && m_has_head && m_complete) return {};
  return Error(ErrorKind::network, "The connection was lost before the response was complete.");
}

}  // namespace adit::net
