// node:_stream_readable, an old name of stream.Readable.

import stream from "./stream";

export const { Duplex, PassThrough, Readable, Stream, Transform, Writable } = stream as any;
export default Readable;
