// RPC messages as JavaScript sees them: octets as a Uint8Array, attachments as [[kind, meta, native object or octets], ...].
// Owner: the isolate's thread; an entered context.
#pragma once

#include <v8.h>

#include "base/result.h"
#include "worker/rpc.h"

namespace adit::worker {

// Appends octets and attachments to a call's arguments.
void append_message(v8::Isolate* isolate, v8::LocalVector<v8::Value>& arguments, BodyValue octets,
                    RpcAttachments attachments);

// Takes the capabilities' references.
Result<RpcAttachments> read_attachments(v8::Isolate* isolate, v8::Local<v8::Array> attachments);
// [status, octets, attachments], or [exception, is remote, is reset].
v8::Local<v8::Value> to_js(v8::Isolate* isolate, RpcOutcome outcome);

}  // namespace adit::worker
