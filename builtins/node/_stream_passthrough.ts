// node:_stream_passthrough, an old name of stream.PassThrough.

import stream from "./stream";

export const { Duplex, PassThrough, Readable, Stream, Transform, Writable } = stream as any;
export default PassThrough;
