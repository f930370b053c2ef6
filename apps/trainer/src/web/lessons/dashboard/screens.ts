import type { Screen } from "../../testing/screen.js";

export const screens: readonly Screen[] = [
  ...(["goal", "mistake", "again"] as const).map((id): Screen => ({
    name: `dashboard-${id}`,
    query: `?lesson=dashboard&stage=${id}&epochs=4`,
    ready: (page) =>
      page.waitForFunction(() => {
        // The page sets it for its tests; the types of a page do not know it.
        const { dashboardLesson } = globalThis as unknown as {
          dashboardLesson?: { present: { end: unknown } | null };
        };
        return dashboardLesson?.present != null && dashboardLesson.present.end !== null;
      }),
  })),
];
