import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import * as files from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { StargradError } from "@stargrad/tensor";
import { sampled } from "@stargrad/tensor/testing";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { readFileBytes, writeFileAtomically } from "./files.js";

const old = new TextEncoder().encode("the old content");
const fresh = new TextEncoder().encode("the new content, which is longer");

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await files.mkdtemp(join(tmpdir(), "stargrad-io-"));
  path = join(folder, "file");
});
afterEach(async () => {
  vi.restoreAllMocks();
  await files.rm(folder, { recursive: true });
});

describe("writeFileAtomically", () => {
  it("creates a file, then replaces it, and leaves nothing else", async () => {
    for (const content of [old, fresh]) {
      await writeFileAtomically(path, content);
      expect(new Uint8Array(await files.readFile(path))).toEqual(content);
    }
    expect(await files.readdir(folder)).toEqual(["file"]);
  });

  it("keeps the permissions of the file it replaces", async () => {
    await files.writeFile(path, old);
    await files.chmod(path, 0o640);
    await writeFileAtomically(path, fresh);
    expect((await files.stat(path)).mode & 0o777).toBe(0o640);
  });

  it("writes through a symbolic link", async () => {
    const link = join(folder, "link");
    await files.writeFile(path, old);
    await files.symlink(path, link);
    await writeFileAtomically(link, fresh);
    expect(await files.readlink(link)).toBe(path);
    expect(new Uint8Array(await files.readFile(path))).toEqual(fresh);
  });

  it("creates the file to which a dangling symbolic link leads", async () => {
    await files.mkdir(join(folder, "runs"));
    await files.symlink("runs", join(folder, "latest"));
    await files.symlink("../file", join(folder, "runs", "link"));
    await writeFileAtomically(join(folder, "latest", "link"), fresh);
    expect(await files.readlink(join(folder, "runs", "link"))).toBe("../file");
    expect(new Uint8Array(await files.readFile(path))).toEqual(fresh);
  });

  it("refuses links in a circle, pipes and devices, and leaves them", async () => {
    const circle = join(folder, "circle");
    await files.symlink(circle, circle);
    await expect(writeFileAtomically(circle, fresh)).rejects.toThrow("lead in a circle");
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    for (const device of [pipe, "/dev/null"]) {
      await expect(writeFileAtomically(device, fresh)).rejects.toThrow(
        `cannot write ${device}: it is a pipe or a device; expected a file`,
      );
    }
    expect((await files.readdir(folder)).sort()).toEqual(["circle", "pipe"]);
  });

  it.each(["x".repeat(250), "\u{1f31f}".repeat(60)])("writes a file with a long name, %s", async (name) => {
    await writeFileAtomically(join(folder, name), fresh);
    expect(await files.readdir(folder)).toEqual([name]);
  });

  it("creates a file only once without `overwrite`", async () => {
    const contents = Array.from({ length: 8 }, (_, i) => new Uint8Array(100_000).fill(i));
    const write = (content: Uint8Array) => writeFileAtomically(path, content, { overwrite: false });
    const ends = await Promise.allSettled(contents.map(write));
    const winner = ends.findIndex(({ status }) => status === "fulfilled");
    expect(ends.filter(({ status }) => status === "fulfilled").length).toBe(1);
    expect(new Uint8Array(await files.readFile(path))).toEqual(contents[winner]);
    expect(await files.readdir(folder)).toEqual(["file"]);
    await expect(write(fresh)).rejects.toThrow(/EEXIST.*There is such a file already/);
  });

  it("names the path that could not be written", async () => {
    const missing = join(folder, "missing", "file");
    await expect(writeFileAtomically(missing, fresh)).rejects.toThrow(
      `writeFileAtomically: cannot write ${missing}, which is as it was: ENOENT`,
    );
    await expect(writeFileAtomically(missing, fresh)).rejects.toThrow("all its folders must exist");
    await expect(writeFileAtomically(folder, fresh)).rejects.toThrow(StargradError);
    expect(await files.readdir(tmpdir())).not.toContainEqual(expect.stringMatching(/\.partial$/));
  });

  it("writes in the order of the calls, also if bytes take time, and if a call fails", async () => {
    const contents = Array.from({ length: 8 }, (_, i) => new Uint8Array(100_000).fill(i));
    const after = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
    const ends = await Promise.allSettled(
      contents.map((content, i) => {
        const late = after(16 - 2 * i).then(() =>
          i === 3 ? Promise.reject(new Error("no bytes")) : content,
        );
        return writeFileAtomically(i % 2 === 0 ? path : join(folder, ".", "file"), i === 4 ? content : late);
      }),
    );
    expect(ends.map(({ status }) => status === "rejected")).toEqual(contents.map((_, i) => i === 3));
    expect(new Uint8Array(await files.readFile(path))).toEqual(contents[7]);
    expect(await files.readdir(folder)).toEqual(["file"]);
  });

  it.each([
    [
      "a promise as its path",
      Promise.resolve("a"),
      fresh,
      "got path a promise; expected a path, as a string. A forgotten await?",
    ],
    ["no path", undefined, fresh, "got path undefined"],
    ["an empty path", '""', fresh, 'got path ""; expected a path, as a string'],
    ["no bytes", "", undefined, "got bytes undefined; expected bytes, as a Uint8Array"],
    ["a text", "", "text", 'got bytes "text"'],
    ["an ArrayBuffer", "", new ArrayBuffer(1), "Convert it with new Uint8Array(buffer)"],
  ])("refuses %s", async (_, given, bytes, message) => {
    const to = given === "" ? path : given === '""' ? "" : (given as string);
    await expect(writeFileAtomically(to, bytes as Uint8Array)).rejects.toThrow(
      `writeFileAtomically: ${message.startsWith("got") ? message : "got bytes an ArrayBuffer"}`,
    );
    await expect(writeFileAtomically(to, bytes as Uint8Array)).rejects.toThrow(message);
    expect(await files.readdir(folder)).toEqual([]);
  });
});

describe("writeFileAtomically when a step fails", () => {
  /** Counts the calls to the disk. Call number `failAt` fails; with `forGood`, all later calls fail too. */
  function failingDisk(failAt: number, forGood: boolean): { steps: number } {
    const disk = { steps: 0 };
    const step = async <Result>(run: () => Promise<Result>): Promise<Result> => {
      const number = disk.steps++;
      if (number === failAt || (forGood && number > failAt)) throw new Error("no space left on device");
      return run();
    };
    const counted = {
      ...files,
      open: (name: string, flags: string) =>
        step(async () => {
          const handle = await files.open(name, flags);
          return {
            // A full disk writes a part of the bytes before it reports the error.
            writeFile: async (bytes: Uint8Array) => {
              await handle.write(bytes.subarray(0, bytes.length / 2));
              await step(() => handle.write(bytes.subarray(bytes.length / 2)));
            },
            sync: () => step(() => handle.sync()),
            close: async () => {
              await handle.close();
              await step(() => Promise.resolve());
            },
          };
        }),
      chmod: (...given: Parameters<typeof files.chmod>) => step(() => files.chmod(...given)),
      rename: (...given: Parameters<typeof files.rename>) => step(() => files.rename(...given)),
      rm: (...given: Parameters<typeof files.rm>) => step(() => files.rm(...given)),
    };
    const getBuiltinModule = process.getBuiltinModule.bind(process);
    vi.spyOn(process, "getBuiltinModule").mockImplementation((id: string) =>
      id === "node:fs/promises" ? counted : getBuiltinModule(id),
    );
    return disk;
  }

  const stepsOfAWrite = [
    "open",
    "write",
    "flush",
    "close",
    "chmod",
    "rename",
    "open the folder",
    "flush it",
    "close it",
  ];

  it("makes these calls, in this order", async () => {
    await files.writeFile(path, old);
    const disk = failingDisk(Infinity, false);
    await writeFileAtomically(path, fresh);
    expect(disk.steps).toBe(stepsOfAWrite.length);
  });

  it.each(stepsOfAWrite.map((name, number) => [name, number] as const))(
    "%s: the file is the old one or the new one, and nothing lies beside it",
    async (name, number) => {
      await files.writeFile(path, old);
      failingDisk(number, false);
      await expect(writeFileAtomically(path, fresh)).rejects.toThrow("no space left on device");
      const renamed = number > stepsOfAWrite.indexOf("rename");
      expect(new Uint8Array(await files.readFile(path)), name).toEqual(renamed ? fresh : old);
      expect(await files.readdir(folder)).toEqual(["file"]);
    },
  );

  it.each(stepsOfAWrite.map((name, number) => [name, number] as const))(
    "%s, and the disk is gone: the file is the old one or the new one",
    async (name, number) => {
      await files.writeFile(path, old);
      failingDisk(number, true);
      await expect(writeFileAtomically(path, fresh)).rejects.toThrow("no space left on device");
      const renamed = number > stepsOfAWrite.indexOf("rename");
      expect(new Uint8Array(await files.readFile(path)), name).toEqual(renamed ? fresh : old);
    },
  );
});

describe("writeFileAtomically in a process that is killed", () => {
  it("leaves one complete file, at whatever moment it was killed", async () => {
    const size = 4_000_000;
    await files.writeFile(path, new Uint8Array(size));
    for (const milliseconds of sampled([11, 3, 24, 40], 4)) {
      // Writes files of 1s, of 2s, of 3s, … until it is killed.
      const script = `
        import { writeFileAtomically } from ${JSON.stringify(new URL("./files.ts", import.meta.url).href)};
        console.log("started");
        for (let i = 1; ; i++) await writeFileAtomically(${JSON.stringify(path)}, new Uint8Array(${size}).fill(i));`;
      const child = spawn(
        process.execPath,
        ["--conditions=source", "--import", "tsx", "--input-type=module", "--eval", script],
        { cwd: fileURLToPath(new URL("..", import.meta.url)), stdio: ["ignore", "pipe", "inherit"] },
      );
      await once(child.stdout, "data");
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      child.kill("SIGKILL");
      await once(child, "exit");

      const content = await files.readFile(path);
      expect(content.length).toBe(size);
      expect(content.every((byte) => byte === content[0])).toBe(true);
    }
  });
});

describe("readFileBytes", () => {
  it.each([undefined, { env: {} }])(
    "throws where there is no file system: process is %o",
    async (process) => {
      vi.stubGlobal("process", process);
      const reading = readFileBytes("somewhere");
      vi.unstubAllGlobals();
      await expect(reading).rejects.toThrow("readFileBytes: there is no file system here");
    },
  );

  it("reads a file; an error names the file and the reason", async () => {
    await files.writeFile(path, old);
    expect(new Uint8Array(await readFileBytes(path))).toEqual(old);
    await expect(readFileBytes(join(folder, "none"))).rejects.toThrow(
      /^readFileBytes: cannot read .*none: ENOENT.*Check the path/,
    );
    await expect(readFileBytes(join(path, "below"))).rejects.toThrow(/ENOTDIR.*is a file, not a folder/);
    await expect(readFileBytes(folder)).rejects.toThrow(`cannot read ${folder}: it is a folder`);
  });

  it("refuses pipes and devices, which may never end", async () => {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    for (const endless of [pipe, "/dev/zero"]) {
      await expect(readFileBytes(endless)).rejects.toThrow(
        `readFileBytes: cannot read ${endless}: it is a pipe or a device; expected a file`,
      );
    }
  });

  it("reads a pipe up to the bytes that are allowed", async () => {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    const content = new Uint8Array(200_000).map((_, i) => i);
    const [read] = await Promise.all([
      readFileBytes(pipe, "read", { fromPipe: content.length }),
      files.writeFile(pipe, content),
    ]);
    expect(read).toEqual(content);
    await expect(readFileBytes("/dev/zero", "read", { fromPipe: 100_000 })).rejects.toThrow(
      "read: cannot read /dev/zero: it is a pipe or a device with more than 100000 bytes. Name a file",
    );
    expect(await readFileBytes("/dev/null", "read", { fromPipe: 1 })).toEqual(new Uint8Array(0));
    await expect(readFileBytes(folder, "read", { fromPipe: 1 })).rejects.toThrow("it is a folder");
  });
});
