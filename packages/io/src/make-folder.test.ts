import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { makeFolder } from "./make-folder.js";

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "stargrad-folders-"));
});
afterEach(() => {
  rmSync(parent, { recursive: true });
});

describe("makeFolder", () => {
  it("makes a folder in folders, and leaves one that is there", () => {
    const folder = join(parent, "a", "b", "c");
    for (let times = 0; times < 2; times++) makeFolder(folder, "test");
    makeFolder(`${folder}/../d/`, "test");
    makeFolder("/", "test");
    for (const made of [folder, join(parent, "a", "b", "d")]) expect(statSync(made).isDirectory()).toBe(true);
    symlinkSync(folder, join(parent, "link"));
    makeFolder(join(parent, "link"), "test");
    makeFolder(join(parent, "link", "e"), "test");
    expect(statSync(join(folder, "e")).isDirectory()).toBe(true);
  });

  it("throws what the system says, and at once", () => {
    writeFileSync(join(parent, "file"), "");
    symlinkSync(join(parent, "none"), join(parent, "dangling"));
    const refused = ["file", "file/a", "file/a/b", "dangling", "dangling/a"];
    for (const name of refused) {
      expect(() => {
        makeFolder(join(parent, name), "test");
      }, name).toThrow(/EEXIST|ENOTDIR|ENOENT/);
    }
  });

  // Node's mkdir with `recursive` never ends there.
  it.runIf(process.platform === "linux")("ends in a file system that is not for files", () => {
    for (const path of ["/proc/x/y", "/proc/x/y/z", "/proc/x", "/proc/self/x/y", "/sys/x/y"]) {
      expect(() => {
        makeFolder(path, "test");
      }).toThrow(/^(ENOENT|EPERM|EACCES|EROFS)/);
    }
  });
});
