// node:_stream_writable, an old name of stream.Writable.

import stream from "./stream";

export const { Duplex, PassThrough, Readable, Stream, Transform, Writable } = stream as any;
export default Writable;
