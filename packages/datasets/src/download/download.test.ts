import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import * as files from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { FormatError } from "@stargrad/io";
import { ArgumentError, StargradError } from "@stargrad/tensor";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { downloadDataset, type DownloadProgress } from "../index.js";
import { download } from "./download-dataset.js";
import { publishedSets, type PublishedSet } from "./named-sets.js";
import { filesOfTar } from "./tar.js";

const size = 300_000;
const content = Uint8Array.from({ length: size }, (_, i) => (i * i) >> 5);
const other = Uint8Array.from({ length: size }, (_, i) => i >> 3);
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let requests: { readonly url: string; readonly range: string | undefined }[];
let answers: Answer[];
let folder: string;
let address: string;
/** A set of one file. */
let set: PublishedSet;
/** How many of its bytes the last call has received. */
let received = 0;

beforeEach(async () => {
  requests = [];
  answers = [];
  received = 0;
  server = createServer((request, response) => {
    requests.push({ url: request.url ?? "", range: request.headers.range });
    (answers.shift() ?? whole)(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  folder = join(await files.mkdtemp(join(tmpdir(), "stargrad-download-")), "set");
  set = { addresses: [address], files: [{ name: "file.bin", bytes: size, sha256: sha256(content) }] };
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await files.rm(join(folder, ".."), { recursive: true });
});

/** The whole file, or the range that is asked for. */
const whole: Answer = (request, response) => {
  send(content)(request, response);
};

const send =
  (bytes: Uint8Array): Answer =>
  (request, response) => {
    const begin = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? -1);
    const range = { "Content-Range": `bytes ${begin}-${bytes.length - 1}/${bytes.length}` };
    const part = bytes.subarray(Math.max(0, begin));
    response.writeHead(begin === -1 ? 200 : 206, {
      "Content-Length": part.length,
      ...(begin !== -1 && range),
    });
    response.end(part);
  };

/** Announces the whole, and ends the connection after some bytes of it. */
const breakAfter =
  (bytes: number): Answer =>
  (request, response) => {
    const begin = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    response.writeHead(begin === 0 ? 200 : 206, {
      "Content-Length": size - begin,
      ...(begin > 0 && { "Content-Range": `bytes ${begin}-${size - 1}/${size}` }),
    });
    received = begin;
    response.write(content.subarray(begin, begin + bytes));
    // What was sent has to arrive before the end does, on a busy machine, too.
    void vi
      .waitUntil(() => received >= begin + bytes, { timeout: 30_000, interval: 5 })
      .finally(() => {
        response.destroy();
      });
  };

const status =
  (code: number): Answer =>
  (_, response) => {
    response.writeHead(code).end("no");
  };

const silent: Answer = () => undefined;

/** Sends with a length of its own, or without one. */
const lying =
  (bytes: Uint8Array, length?: number): Answer =>
  (_, response) => {
    response.writeHead(200, length === undefined ? {} : { "Content-Length": length });
    response.write(bytes);
    response.end();
  };

const get = (
  options: {
    patience?: number;
    progress?: (progress: DownloadProgress) => void;
    signal?: { aborted: boolean };
  } = {},
) =>
  download(set, folder, {
    called: "download",
    patience: 30_000,
    pause: 1,
    signal: undefined,
    ...options,
    progress: (progress) => {
      ({ received } = progress);
      options.progress?.(progress);
    },
  });

const inFolder = async () => (await files.readdir(folder)).sort();

async function expectComplete(): Promise<void> {
  expect((await files.readFile(join(folder, "file.bin"))).equals(content)).toBe(true);
  expect(await inFolder()).toEqual(["file.bin"]);
}

describe("a download", () => {
  it("arrives once, tells how far it is, and is not repeated", async () => {
    const heard: DownloadProgress[] = [];
    await get({ progress: (each) => heard.push(each) });
    await expectComplete();
    expect(heard.length).toBeGreaterThan(1);
    expect(heard.at(-1)).toEqual({ file: "file.bin", received: size, total: size });
    expect(heard.every(({ received }, i) => i === 0 || received >= heard[i - 1].received)).toBe(true);
    await get();
    expect(requests).toEqual([{ url: "/file.bin", range: undefined }]);
  });

  it("that breaks off goes on from where it was", async () => {
    answers = [breakAfter(100_000), breakAfter(50_000), breakAfter(30_000)];
    await get();
    await expectComplete();
    expect(requests.map(({ range }) => range)).toEqual([
      undefined,
      "bytes=100000-",
      "bytes=150000-",
      "bytes=180000-",
    ]);
  });

  it("that breaks off each time is an error, and the next call goes on", async () => {
    answers = [1, 2, 3, 4].map(() => breakAfter(50_000));
    await expect(get()).rejects.toThrow(
      /file\.bin cannot be read: .*, after 200000 of 300000 bytes\. Is this machine offline\?/,
    );
    expect(await inFolder()).toEqual(["file.bin.partial"]);
    await get();
    await expectComplete();
    expect(requests[4].range).toBe("bytes=200000-");
  });

  it("starts anew from a server that does not know ranges, or knows another file", async () => {
    const wrongRange: Answer = (_, response) => {
      response.writeHead(206, { "Content-Range": `bytes 5-${size - 1}/${size}` });
      response.end(content.subarray(5));
    };
    for (const answer of [lying(content, size), lying(content), wrongRange, status(416)]) {
      answers = [breakAfter(100_000), answer];
      await get();
      await expectComplete();
      await files.rm(folder, { recursive: true });
    }
  });

  it("does not trust the beginning that is there", async () => {
    await files.mkdir(folder);
    for (const left of [other.subarray(0, 1000), other, new Uint8Array(size + 1)]) {
      await files.writeFile(join(folder, "file.bin.partial"), left);
      await get();
      await expectComplete();
      await files.rm(join(folder, "file.bin"));
    }
  });

  it.each<[string, () => Answer[], RegExp, number]>([
    [
      "a wrong length, short",
      () => [lying(content.subarray(0, 1000), 1000)],
      /announces 1000 bytes; expected 300000/,
      1,
    ],
    ["a wrong length, long", () => [lying(content, 2 * size)], /announces 600000 bytes; expected 300000/, 1],
    [
      "more than it should",
      () => [lying(new Uint8Array(size + 1))],
      /sends more than the expected 300000 bytes/,
      1,
    ],
    [
      "less than it should",
      () => [1, 2, 3, 4].map(() => lying(content.subarray(0, 1000))),
      /ends too early, after 1000 of 300000/,
      4,
    ],
    [
      "other bytes",
      () => [send(other)],
      /sends other bytes: their SHA-256 is [0-9a-f]{64}; expected [0-9a-f]{64}/,
      1,
    ],
    ["a page of words", () => [lying(new TextEncoder().encode("<html>"))], /ends too early/, 4],
    ["status 404", () => [status(404)], /answers with the status 404/, 1],
    ["status 500", () => [500, 503, 500, 500].map(status), /answers with the status 500/, 4],
    ["nothing", () => [silent, silent, silent, silent], /sends nothing for 0.3 s/, 0],
  ])("leaves no wrong file after %s", async (_, make, message, tries) => {
    answers = make();
    if (message.source.includes("early") && answers.length === 1)
      answers = [1, 2, 3, 4].map(() => answers[0]);
    const error: unknown = await get({ patience: tries === 0 ? 300 : 30_000 }).catch(
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(StargradError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toContain(`from ${address}, and put it into ${folder}`);
    // A busy machine may be silent before it has sent the request.
    if (tries > 0) expect(requests.length).toBe(tries);
    expect(await inFolder()).not.toContain("file.bin");
    // And the next call is not misled by what is left.
    answers = [];
    await get();
    await expectComplete();
  });

  it("asks the next address", async () => {
    set = { ...set, addresses: [`${address}gone/`, address] };
    answers = [status(404)];
    await get();
    expect(requests.map(({ url }) => url)).toEqual(["/gone/file.bin", "/file.bin"]);
  });

  it("without a server says which files to put where, and accepts them there", async () => {
    server.closeAllConnections();
    server.close();
    const second = { name: "b.bin", bytes: 4, sha256: sha256(Uint8Array.of(1, 2, 3, 4)) };
    set = { ...set, files: [...set.files, second] };
    await expect(get()).rejects.toThrow(
      /cannot download file\.bin: http:\S+ cannot be read: .*ECONNREFUSED.*Get file\.bin \(300,000 bytes\) and b\.bin \(4 bytes\) on another one/,
    );
    await files.writeFile(join(folder, "file.bin"), content);
    await files.writeFile(join(folder, "b.bin"), Uint8Array.of(1, 2, 3, 4));
    await get();
  });

  it("replaces a file that was changed", async () => {
    await get();
    await files.writeFile(join(folder, "file.bin"), other);
    await get();
    await expectComplete();
  });

  it("stops at a signal, and keeps what has arrived", async () => {
    answers = [
      (_, response) => {
        response.writeHead(200, { "Content-Length": size });
        response.write(content.subarray(0, 100_000));
      },
    ];
    const signal = { aborted: false };
    const stopped = get({
      signal,
      progress: ({ received }) => {
        signal.aborted = received === 100_000;
      },
    });
    await expect(stopped).rejects.toThrow("was stopped by its signal");
    await get();
    await expectComplete();
    expect(requests[1].range).toBe("bytes=100000-");
  });

  it("names the reason if the cache cannot be written", async () => {
    await files.writeFile(folder, "a file");
    await expect(get()).rejects.toThrow(/cannot make the folder .*set: (ENOTDIR|EEXIST)/);
  });

  it("is done once for calls at the same time", async () => {
    await Promise.all([get(), get(), get()]);
    await expectComplete();
    expect(requests.length).toBe(1);
  });

  it("is done once for processes at the same time, of which one is killed", async () => {
    answers = [silent];
    const script = `
      import { download } from ${JSON.stringify(new URL("./download-dataset.ts", import.meta.url).href)};
      await download(${JSON.stringify(set)}, ${JSON.stringify(folder)}, { called: "download", patience: 30000, pause: 1 });`;
    const begin = () =>
      spawn(
        process.execPath,
        ["--conditions=source", "--import", "tsx", "--input-type=module", "--eval", script],
        {
          cwd: fileURLToPath(new URL("../..", import.meta.url)),
          stdio: ["ignore", "ignore", "inherit"],
        },
      );
    const first = begin();
    await vi.waitUntil(() => requests.length === 1, { timeout: 60_000 });
    const rest = [begin(), begin()];
    const ends = rest.map((child) => once(child, "exit"));
    // Both wait for the first, whatever long they take to start.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(requests.length).toBe(1);
    first.kill("SIGKILL");
    expect((await Promise.all(ends)).map(([code]) => code as number)).toEqual([0, 0]);
    await expectComplete();
    expect(requests.length).toBe(2);
  });
});

describe("an archive", () => {
  it("is unpacked into the folder, and removed if it was downloaded", async () => {
    const archive = gzipSync(
      tar([
        ["set/", null],
        ["set/readme.html", new Uint8Array(700)],
        ["set/a.bin", content],
        ["../../b.bin", Uint8Array.of(7)],
      ]),
    );
    const published = { name: "set.tar.gz", bytes: archive.length, sha256: sha256(archive) };
    const unpacked = [
      { name: "a.bin", bytes: size },
      { name: "b.bin", bytes: 1 },
    ];
    set = { addresses: [address], files: [published], unpacked };
    answers = [send(archive)];
    await get();
    expect(await inFolder()).toEqual(["a.bin", "b.bin"]);
    expect((await files.readFile(join(folder, "a.bin"))).equals(content)).toBe(true);

    // One file is lost, and somebody puts the archive there.
    await files.rm(join(folder, "b.bin"));
    await files.writeFile(join(folder, "set.tar.gz"), archive);
    await get();
    expect(await inFolder()).toEqual(["a.bin", "b.bin", "set.tar.gz"]);
    expect(requests.length).toBe(1);
  });

  it("that is damaged is refused, in whatever pieces it arrives", async () => {
    const archive = tar([
      ["a.bin", content.subarray(0, 1000)],
      ["empty", new Uint8Array(0)],
      ["b.bin", Uint8Array.of(7)],
    ]);
    const fail = (problem: string) => new FormatError("tar", problem);
    const read = async (bytes: Uint8Array, wanted: Record<string, number>, step: number) => {
      const pieces = async function* () {
        for (let at = 0; at < bytes.length; at += step)
          yield await Promise.resolve(bytes.subarray(at, at + step));
      };
      const found: [string, number][] = [];
      for await (const file of filesOfTar(pieces(), new Map(Object.entries(wanted)), fail)) {
        found.push([file.name, file.bytes.length]);
        if (file.name === "a.bin") expect(file.bytes).toEqual(content.subarray(0, 1000));
      }
      return found;
    };
    for (const step of [1, 100, 512, 5000]) {
      const wanted = { "a.bin": 1000, empty: 0, "b.bin": 1 };
      expect(await read(archive, wanted, step)).toEqual([
        ["a.bin", 1000],
        ["empty", 0],
        ["b.bin", 1],
      ]);
      await expect(read(archive.subarray(0, 1400), wanted, step)).rejects.toThrow("the archive is cut off");
    }
    await expect(read(archive, { "a.bin": 999 }, 512)).rejects.toThrow(
      "a.bin has 1000 bytes in the archive; expected 999",
    );
    await expect(read(content.subarray(0, 1024), {}, 512)).rejects.toThrow("is no tar archive");
  });
});

describe("downloadDataset", () => {
  it("refuses what a mirror sends, and names the folder", async () => {
    const cache = join(folder, "..");
    answers = [send(content)];
    await expect(downloadDataset("mnist", { cache, mirror: `${address}mirror@1` })).rejects.toThrow(
      `downloadDataset(mnist): cannot download train-images-idx3-ubyte.gz: ${address}mirror@1/train-images-idx3-ubyte.gz announces 300000 bytes; expected 9912422`,
    );
    answers = [status(403)];
    await expect(downloadDataset("cifar100", { cache, mirror: address })).rejects.toThrow(
      `from ${address}, and put it into ${cache}/cifar100`,
    );
    expect(await files.readdir(join(cache, "mnist"))).toEqual([]);
  });

  it("finds its folder in the environment", async () => {
    vi.stubEnv("STARGRAD_CACHE", join(folder, "cache"));
    answers = [status(404)];
    await expect(downloadDataset("fashion-mnist", { mirror: address })).rejects.toThrow(
      join(folder, "cache", "fashion-mnist"),
    );
    vi.stubEnv("STARGRAD_CACHE", "");
    vi.stubEnv("XDG_CACHE_HOME", join(folder, "system"));
    answers = [status(404)];
    await expect(downloadDataset("mnist", { mirror: address })).rejects.toThrow(
      join(folder, "system", "stargrad", "mnist"),
    );
    vi.unstubAllEnvs();
  });

  it("refuses other arguments", async () => {
    await expect(downloadDataset("imagenet" as never)).rejects.toThrow(ArgumentError);
    await expect(downloadDataset("imagenet" as never)).rejects.toThrow(
      '"mnist", "fashion-mnist", "cifar10" or "cifar100"',
    );
    for (const mirror of ["ftp://a", "http://", "http://[", "https://user:secret@a/"])
      await expect(downloadDataset("mnist", { mirror })).rejects.toThrow(
        "an address that begins with http, without a password",
      );
  });

  it("knows digests of the right form, each of one file", () => {
    const all = Object.values(publishedSets as Record<string, PublishedSet>).flatMap((each) => each.files);
    expect(all.every((file) => /^[0-9a-f]{64}$/.test(file.sha256))).toBe(true);
    expect(new Set(all.map((file) => file.sha256)).size).toBe(10);
  });
});

/** A tar archive of files, and of folders (null). */
function tar(entries: readonly (readonly [name: string, bytes: Uint8Array | null])[]): Uint8Array {
  const blocks = entries.flatMap(([name, bytes]) => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write("0000644\0", 100);
    header.write(`${(bytes?.length ?? 0).toString(8).padStart(11, "0")}\0`, 124);
    header.write("        ", 148);
    header.write(bytes === null ? "5" : "0", 156);
    header.write("ustar\x0000", 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    const padding = Buffer.alloc((512 - ((bytes?.length ?? 0) % 512)) % 512);
    return [header, bytes ?? Buffer.alloc(0), padding];
  });
  return Uint8Array.from(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}
