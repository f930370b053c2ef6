import { spawn } from "node:child_process";

/** Why no browser can be opened here, or null. */
export function reasonNotToOpen(
  platform: NodeJS.Platform = process.platform,
  environment: NodeJS.ProcessEnv = process.env,
): string | null {
  if (platform === "darwin" || platform === "win32") return null;
  const { DISPLAY, WAYLAND_DISPLAY } = environment;
  return DISPLAY || WAYLAND_DISPLAY ? null : "there is no display";
}

/** Opens an address in the browser of this machine. Returns why not, if it cannot. */
export async function openBrowser(address: string): Promise<string | null> {
  const reason = reasonNotToOpen();
  if (reason !== null) return reason;
  const [command, ...args] = commandFor(process.platform, address);
  const child = spawn(command, args, { stdio: "ignore", detached: true });
  return new Promise((resolve) => {
    child.once("error", () => {
      resolve(`the command ${command} is missing`);
    });
    child.once("spawn", () => {
      child.unref();
      resolve(null);
    });
  });
}

function commandFor(platform: NodeJS.Platform, address: string): [string, ...string[]] {
  if (platform === "darwin") return ["open", address];
  if (platform === "win32") return ["cmd", "/c", "start", "", address];
  return ["xdg-open", address];
}
