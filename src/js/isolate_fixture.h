// For tests: V8, started once per program, and a snapshot without builtins.
#pragma once

#include <gtest/gtest.h>

#include "js/isolate.h"
#include "js/ops.h"
#include "js/platform.h"
#include "js/snapshot.h"

namespace adit::js {

class IsolateFixture : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (s_platform) return;
    s_platform = Platform::create();
    auto blob = build_snapshot(s_ops, "globalThis.__adit_entry = {};");
    ASSERT_TRUE(blob.is_ok()) << blob.error().full_message();
    s_blob = std::move(blob.value());
    s_references = s_ops.external_references();
  }
  static std::shared_ptr<Isolate> make_isolate() {
    return Isolate::create({{s_blob.data(), s_blob.size()}, s_references.data()}).value();
  }

 private:
  static inline std::unique_ptr<Platform> s_platform;  // V8 cannot start twice in a process: all suites share it
  static inline OpTable s_ops;
  static inline std::vector<intptr_t> s_references;
  static inline std::string s_blob;
};

}  // namespace adit::js
