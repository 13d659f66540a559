#include "net/client/content_decoder.h"

#include "net/client/content_encoder.h"

#include <brotli/encode.h>
#include <gtest/gtest.h>
#include <zlib.h>

namespace adit::net {
namespace {

Bytes deflate_with(int window_bits, BytesView data) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
  Bytes out(deflateBound(&stream, data.size()) + 64);
  stream.next_in = const_cast<Bytef*>(data.data());
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

Bytes encode(std::string_view coding, BytesView data) {
  if (coding == "gzip") return deflate_with(31, data);
  if (coding == "deflate") return deflate_with(15, data);
  if (coding == "raw deflate") return deflate_with(-15, data);
  Bytes out(BrotliEncoderMaxCompressedSize(data.size()) + 64);
  size_t size = out.size();
  EXPECT_TRUE(BrotliEncoderCompress(5, 22, BROTLI_MODE_GENERIC, data.size(), data.data(), &size, out.data()));
  out.resize(size);
  return out;
}

// Gives its pieces one by one, at once.
struct Pieces final : ByteSource {
  std::vector<Bytes> pieces;
  size_t next = 0;
  bool cancelled = false;
  Pieces(BytesView data, size_t piece) {
    for (size_t i = 0; i < data.size(); i += piece)
      pieces.push_back(copy_bytes(data.subspan(i, std::min(piece, data.size() - i))));
  }
  void read(ReadCallback callback) override { callback(next < pieces.size() ? pieces[next++] : Bytes{}); }
  void cancel(Error) override { cancelled = true; }
};

struct Outcome {
  Bytes data;
  std::string error;
  size_t largest = 0;
};
Outcome drain(ByteSource& source) {
  Outcome outcome;
  for (bool more = true; more;) {
    more = false;
    source.read([&](Result<Bytes> chunk) {
      if (chunk.is_error()) outcome.error = chunk.error().message();
      else if (!chunk.value().empty()) {
        outcome.largest = std::max(outcome.largest, chunk.value().size());
        outcome.data.insert(outcome.data.end(), chunk.value().begin(), chunk.value().end());
        more = true;
      }
    });
  }
  return outcome;
}

Bytes sample(size_t size) {
  Bytes data(size);
  for (size_t i = 0; i < size; i++) data[i] = static_cast<uint8_t>("the quick brown fox "[i % 20] + (i / 1000) % 3);
  return data;
}

TEST(ContentDecoder, decodes_every_coding_however_the_octets_are_cut) {
  for (const char* coding : {"gzip", "deflate", "raw deflate", "br"}) {
    for (size_t size : {size_t{0}, size_t{1}, size_t{64 * 1024}, size_t{1'000'000}}) {
      auto data = sample(size);
      auto encoded = encode(coding, data);
      for (size_t piece : {size_t{1}, size_t{7}, size_t{1'000'000}}) {
        auto source = DecodingSource::create(std::make_shared<Pieces>(encoded, piece),
                                             std::string_view(coding).ends_with("deflate") ? "deflate" : coding);
        ASSERT_TRUE(source);
        auto outcome = drain(*source);
        EXPECT_EQ(outcome.error, "") << coding << " " << size << " " << piece;
        EXPECT_TRUE(outcome.data == data) << coding << " " << size << " " << piece;
      }
    }
  }
}

TEST(ContentDecoder, a_chunk_is_bounded_however_much_the_input_expands) {
  for (const char* coding : {"gzip", "br"}) {
    auto source =
        DecodingSource::create(std::make_shared<Pieces>(encode(coding, Bytes(20'000'000, 'x')), 1'000'000), coding);
    auto outcome = drain(*source);
    EXPECT_EQ(outcome.data.size(), 20'000'000U);
    EXPECT_LE(outcome.largest, 64U * 1024);
  }
}

TEST(ContentDecoder, reads_all_members_of_a_gzip_and_nothing_behind_it) {
  auto first = encode("gzip", sample(1000)), second = encode("gzip", sample(500));
  Bytes joined = first;
  joined.insert(joined.end(), second.begin(), second.end());
  for (size_t piece : {size_t{1}, first.size(), size_t{100000}}) {
    auto source = DecodingSource::create(std::make_shared<Pieces>(joined, piece), "gzip");
    EXPECT_EQ(drain(*source).data.size(), 1500U) << piece;
  }
  first.resize(first.size() + 100);
  auto source = DecodingSource::create(std::make_shared<Pieces>(first, 33), "GZIP");
  auto outcome = drain(*source);
  EXPECT_EQ(outcome.data.size(), 1000U);
  EXPECT_EQ(outcome.error, "");
}

TEST(ContentDecoder, reports_corrupt_and_cut_off_data) {
  for (const char* coding : {"gzip", "br", "deflate"}) {
    auto encoded = encode(coding, sample(10000));
    auto half =
        DecodingSource::create(std::make_shared<Pieces>(BytesView(encoded).first(encoded.size() / 2), 50), coding);
    EXPECT_EQ(drain(*half).error, "The response's body ends in the middle of its encoded data.") << coding;
  }
  auto garbage = DecodingSource::create(std::make_shared<Pieces>(bytes_of("this is not gzip at all"), 50), "gzip");
  EXPECT_EQ(drain(*garbage).error, "The response's body does not match its Content-Encoding.");
}

TEST(ContentDecoder, an_empty_body_is_empty_and_not_an_error) {
  auto source = DecodingSource::create(std::make_shared<MemorySource>(Bytes{}), "gzip");
  auto outcome = drain(*source);
  EXPECT_EQ(outcome.error, "");
  EXPECT_TRUE(outcome.data.empty());
}

TEST(ContentDecoder, gives_the_encoded_octets_back_until_decoding_starts) {
  auto encoded = encode("gzip", sample(100));
  auto untouched = DecodingSource::create(std::make_shared<Pieces>(encoded, 10), "gzip");
  auto raw = untouched->release_encoded();
  ASSERT_TRUE(raw);
  EXPECT_TRUE(drain(*raw).data == encoded);
  auto started = DecodingSource::create(std::make_shared<Pieces>(encoded, 10), "gzip");
  started->read([](Result<Bytes>) {});
  EXPECT_FALSE(started->release_encoded());
}

TEST(ContentDecoder, cancels_what_it_reads_from) {
  auto inner = std::make_shared<Pieces>(encode("gzip", sample(1'000'000)), 10);
  auto source = DecodingSource::create(inner, "gzip");
  source->read([](Result<Bytes>) {});
  source->cancel(Error(ErrorKind::aborted, "enough"));
  EXPECT_TRUE(inner->cancelled);
  EXPECT_EQ(drain(*source).error, "enough");
}

TEST(ContentDecoder, knows_its_codings) {
  for (const char* coding : {"identity", "", "zstd", "gzip, br"})
    EXPECT_FALSE(DecodingSource::create(std::make_shared<MemorySource>(Bytes{}), coding)) << coding;
}

TEST(ContentEncoder, passes_an_unread_encoded_body_on_as_it_came) {
  auto encoded = encode("gzip", sample(100));
  auto untouched = encode_body(DecodingSource::create(std::make_shared<Pieces>(encoded, 10), "gzip"), "GZIP");
  EXPECT_TRUE(drain(*untouched).data == encoded);
}

TEST(ContentEncoder, compresses_every_other_body_so_that_each_chunk_arrives) {
  for (const char* coding : {"gzip", "br"}) {
    auto data = sample(300'000);
    auto source = encode_body(std::make_shared<Pieces>(data, 1000), coding);
    auto decoding = DecodingSource::create(source, coding);
    size_t first = 0;
    decoding->read([&](Result<Bytes> chunk) { first = chunk.value().size(); });
    EXPECT_EQ(first, 1000U) << coding;
    EXPECT_EQ(drain(*decoding).data.size(), data.size() - 1000) << coding;
    // Another coding than the one it came in: decoded and encoded anew.
    auto again = encode_body(DecodingSource::create(std::make_shared<Pieces>(encode("gzip", data), 999), "gzip"), "br");
    EXPECT_TRUE(drain(*DecodingSource::create(again, "br")).data == data);
    EXPECT_EQ(
        drain(*DecodingSource::create(encode_body(std::make_shared<MemorySource>(Bytes{}), coding), coding)).error, "");
  }
}

TEST(ContentEncoder, leaves_codings_alone_that_it_does_not_know) {
  auto body = std::make_shared<MemorySource>(copy_bytes("x"));
  EXPECT_EQ(encode_body(body, "zstd"), body);
  EXPECT_EQ(encode_body(body, "gzip, br"), body);
}

}  // namespace
}  // namespace adit::net
