// node:_stream_duplex, an old name of stream.Duplex.

import stream from "./stream";

export const { Duplex, PassThrough, Readable, Stream, Transform, Writable } = stream as any;
export default Duplex;
