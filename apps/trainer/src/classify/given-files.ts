import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";

import { StargradError } from "@stargrad/tensor";

import type { GivenFile } from "../dashboard/read-data.js";

/** One file, or all files of a folder, with their paths beginning with its name. Throws: StargradError if there is none */
export async function givenFiles(path: string): Promise<GivenFile[]> {
  const found = await stat(path).catch((cause: unknown) => {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = code === "ENOENT" ? "there is no such file or folder" : message;
    throw new StargradError(path, `cannot be read: ${reason}`, "Check the path", { cause });
  });
  // A device may never end.
  if (found.isCharacterDevice() || found.isBlockDevice())
    throw new StargradError(path, "is a device; expected a file or a folder");
  const names = found.isDirectory() ? await readdir(path, { recursive: true, withFileTypes: true }) : null;
  if (names === null) return [await given(path, basename(path))];
  const files = names.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const root = basename(resolve(path));
  return Promise.all(
    files.sort().map((file) => given(file, join(root, relative(path, file)).replaceAll("\\", "/"))),
  );
}

async function given(file: string, path: string): Promise<GivenFile> {
  return { path, file: new File([await readFile(file)], basename(file)) };
}
