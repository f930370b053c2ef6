import type { GivenFile } from "../../../dashboard/read-data.js";

/** The most files that are taken from a folder. */
const mostFiles = 20_000;

/** The files of an input, and their paths in the folder that was chosen. */
export function filesOfInput(input: HTMLInputElement): GivenFile[] {
  return [...(input.files ?? [])]
    .slice(0, mostFiles)
    .map((file) => ({ path: file.webkitRelativePath === "" ? file.name : file.webkitRelativePath, file }));
}

/** The files that were dropped, also those in folders. */
export async function filesOfDrop(transfer: DataTransfer): Promise<GivenFile[]> {
  // Taken at once: what was dropped is gone after the event.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry());
  const plain = [...transfer.files];
  if (entries.every((entry) => entry === null)) return plain.map((file) => ({ path: file.name, file }));
  const found: GivenFile[] = [];
  for (const entry of entries) if (entry !== null) await addFiles(entry, found);
  return found;
}

async function addFiles(entry: FileSystemEntry, found: GivenFile[]): Promise<void> {
  if (found.length >= mostFiles) return;
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => {
      entry.file(resolve, reject);
    });
    found.push({ path: entry.fullPath.replace(/^\//, ""), file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // A reader gives a part of a folder at a time.
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (part.length === 0) return;
    for (const inner of part) await addFiles(inner, found);
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}
