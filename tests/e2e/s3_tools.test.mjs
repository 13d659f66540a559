// The S3 API as the command-line tools of Debian use it: rclone, s3cmd and awscli. A tool that is not installed is skipped.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { scratch } from "./harness.mjs";
import { keys, startS3 } from "./s3/start.mjs";

const MiB = 1024 * 1024;
const md5 = (data) => createHash("md5").update(data).digest("hex");
const files = { "a.txt": "hello", "deep/er/ü b+c.txt": "awkward", "empty.txt": "", "big.bin": randomBytes(17 * MiB) };

let server;
let home;
let source;
before(async () => {
  server = await startS3({ args: [] });
  home = scratch();
  source = scratch();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(source, name, ".."), { recursive: true });
    writeFileSync(join(source, name), content);
  }
});
after(() => server?.stop());

// Resolves with what the tool printed; fails with all of it when the tool does.
function run(program, args, env = {}) {
  return new Promise((resolve, reject) => {
    const settings = {
      env: { PATH: "/usr/bin:/bin", HOME: home, LANG: "C.UTF-8", ...env },
      timeout: 60_000,
      maxBuffer: 16 * MiB,
    };
    execFile(program, args, settings, (error, stdout, stderr) =>
      error ? reject(new Error(`${program} ${args.join(" ")}: ${error.code}\n${stdout}${stderr}`)) : resolve(stdout),
    );
  });
}

function compare(folder) {
  for (const [name, content] of Object.entries(files))
    assert.equal(md5(readFileSync(join(folder, name))), md5(content), name);
  assert.deepEqual(readdirSync(folder).sort(), ["a.txt", "big.bin", "deep", "empty.txt"]);
}

test("rclone", { skip: !existsSync("/usr/bin/rclone") && "not installed", timeout: 120_000 }, async () => {
  const config = join(home, "rclone.conf");
  const { accessKeyId, secretAccessKey } = keys.writer;
  writeFileSync(
    config,
    `[adit]\ntype = s3\nprovider = Cloudflare\naccess_key_id = ${accessKeyId}\nsecret_access_key = ${secretAccessKey}\nendpoint = ${server.s3}\n` +
      "region = auto\nchunk_size = 5Mi\nupload_cutoff = 5Mi\n",
  );
  const rclone = (...args) => run("/usr/bin/rclone", ["--config", config, "--retries", "1", ...args]);
  await rclone("mkdir", "adit:by-rclone");
  await rclone("copy", source, "adit:by-rclone/in");
  await rclone("check", source, "adit:by-rclone/in");
  const back = scratch();
  await rclone("sync", "adit:by-rclone/in", back);
  compare(back);
  const list = JSON.parse(await rclone("lsjson", "-R", "--files-only", "adit:by-rclone"));
  assert.deepEqual(
    list.map(({ Path, Size }) => [Path, Size]).sort(),
    Object.entries(files)
      .map(([name, content]) => [`in/${name}`, Buffer.byteLength(content)])
      .sort(),
  );
  await rclone("moveto", "adit:by-rclone/in/big.bin", "adit:by-rclone/moved.bin"); // a copy on the server, in parts
  assert.equal(
    md5(await rclone("cat", "--count", "5", "adit:by-rclone/moved.bin")),
    md5(await rclone("cat", "--count", "5", join(source, "big.bin"))),
  );
  assert.equal(await rclone("cat", "--offset", "1", "--count", "3", "adit:by-rclone/in/a.txt"), "ell");
  await rclone("purge", "adit:by-rclone");
  assert.doesNotMatch(await rclone("lsd", "adit:"), /by-rclone/);
});

test("s3cmd", { skip: !existsSync("/usr/bin/s3cmd") && "not installed", timeout: 120_000 }, async () => {
  const host = new URL(server.s3).host;
  const config = join(home, "s3cfg");
  const { accessKeyId, secretAccessKey } = keys.writer;
  writeFileSync(
    config,
    `[default]\naccess_key = ${accessKeyId}\nsecret_key = ${secretAccessKey}\nhost_base = ${host}\nhost_bucket = ${host}\nuse_https = False\n` +
      "multipart_chunk_size_mb = 5\n",
  );
  const s3cmd = (...args) => run("/usr/bin/s3cmd", ["-c", config, "--no-progress", ...args]);
  await s3cmd("mb", "s3://by-s3cmd");
  await s3cmd("sync", `${source}/`, "s3://by-s3cmd/in/");
  const back = scratch();
  await s3cmd("sync", "s3://by-s3cmd/in/", `${back}/`);
  compare(back);
  assert.match(
    await s3cmd("ls", "s3://by-s3cmd/in/"),
    /DIR\s+s3:\/\/by-s3cmd\/in\/deep\/[\s\S]*5\s+s3:\/\/by-s3cmd\/in\/a\.txt/,
  );
  await s3cmd("cp", "s3://by-s3cmd/in/a.txt", "s3://by-s3cmd/copy.txt");
  await s3cmd("get", "s3://by-s3cmd/copy.txt", join(home, "copy.txt"));
  assert.equal(readFileSync(join(home, "copy.txt"), "utf8"), "hello");
  const url = (await s3cmd("signurl", "s3://by-s3cmd/copy.txt", "+600")).trim();
  assert.ok(url.includes("Signature"), url);
  await s3cmd("del", "--recursive", "--force", "s3://by-s3cmd/");
  await s3cmd("rb", "s3://by-s3cmd");
});

test("awscli", { skip: !existsSync("/usr/bin/aws") && "not installed", timeout: 120_000 }, async () => {
  const credentials = {
    AWS_ACCESS_KEY_ID: keys.writer.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.writer.secretAccessKey,
    AWS_DEFAULT_REGION: "auto",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_PAGER: "",
  };
  const aws = (...args) => run("/usr/bin/aws", ["--endpoint-url", server.s3, ...args], credentials);
  await aws("s3", "mb", "s3://by-aws");
  await aws("s3", "sync", "--only-show-errors", source, "s3://by-aws/in");
  const back = scratch();
  await aws("s3", "sync", "--only-show-errors", "s3://by-aws/in", back);
  compare(back);
  await aws(
    "s3",
    "cp",
    "--only-show-errors",
    "--copy-props",
    "metadata-directive",
    "s3://by-aws/in/big.bin",
    "s3://by-aws/copy.bin",
  ); // in parts
  const head = JSON.parse(await aws("s3api", "head-object", "--bucket", "by-aws", "--key", "copy.bin"));
  assert.equal(head.ContentLength, 17 * MiB);
  const listed = JSON.parse(
    await aws("s3api", "list-objects-v2", "--bucket", "by-aws", "--prefix", "in/deep/", "--delimiter", "~"),
  );
  assert.deepEqual(
    listed.Contents.map(({ Key }) => Key),
    ["in/deep/er/ü b+c.txt"],
  );
  const url = (await aws("s3", "presign", "s3://by-aws/in/a.txt")).trim();
  assert.equal(await (await fetch(url)).text(), "hello");
  await aws("s3", "rb", "--force", "s3://by-aws");
});
