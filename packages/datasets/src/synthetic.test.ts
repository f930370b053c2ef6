import { describe, expect, it } from "vitest";

import { circles, moons, spirals, xor, type Points } from "./index.js";

interface Point {
  x: number;
  y: number;
  label: number;
}

function pointsOf(dataset: Points): Point[] {
  const { x, y } = dataset.all();
  const [coordinates, labels] = [x.dataSync(), y.dataSync()];
  return Array.from(labels, (label, i) => ({ x: coordinates[2 * i], y: coordinates[2 * i + 1], label }));
}

const radius = ({ x, y }: Point) => Math.hypot(x, y);

describe.each([
  ["spirals", spirals],
  ["moons", moons],
  ["circles", circles],
  ["xor", xor],
])("%s", (name, make) => {
  it("have the given number of samples, labelled 0 and 1", () => {
    const { x, y } = make({ samples: 51 }).all();
    expect([x.shape, x.dtype, y.shape, y.dtype]).toEqual([[51, 2], "float32", [51], "int32"]);
    expect(new Set(y.dataSync())).toEqual(new Set([0, 1]));
    expect(make().length).toBe(200);
    expect(make({ samples: 0 }).length).toBe(0);
  });

  it("are the same for the same seed only", () => {
    const data = (seed: number) => make({ samples: 20, noise: 0.1, seed }).all().x.dataSync();
    expect(data(1)).toEqual(data(1));
    expect(data(1)).not.toEqual(data(2));
  });

  it("are moved by noise of the given standard deviation", () => {
    const samples = 2000;
    const clean = make({ samples, noise: 0, seed: 3 }).all().x.dataSync();
    const noisy = make({ samples, noise: 0.5, seed: 3 }).all().x.dataSync();
    const moved = Array.from(noisy, (value, i) => value - clean[i]);
    const variance = moved.reduce((sum, value) => sum + value ** 2, 0) / moved.length;
    // 4,000 draws give the deviation to within about 1 %.
    expect(Math.sqrt(variance)).toBeCloseTo(0.5, 1);
  });

  it.each([
    [{ samples: -1 }, "got samples -1"],
    [{ samples: 1.5 }, "got samples 1.5"],
    [{ noise: -0.1 }, "got noise -0.1"],
    [{ noise: NaN }, "got noise NaN"],
  ])("refuse %o", (options, message) => {
    expect(() => make(options)).toThrow(`${name}: ${message}`);
  });
});

describe("spirals", () => {
  it("are arms that are rotated by equal angles", () => {
    const points = pointsOf(spirals({ samples: 300, classes: 3, turns: 2 }));
    const [first, second, third] = points;
    expect([first.label, second.label, third.label]).toEqual([0, 1, 2]);
    for (let i = 0; i < points.length; i += 3) {
      const [a, b] = [points[i], points[i + 1]];
      const turned = Math.atan2(b.y, b.x) - Math.atan2(a.y, a.x);
      expect(Math.cos(turned)).toBeCloseTo(Math.cos((2 * Math.PI) / 3), 4);
      expect(radius(a)).toBeCloseTo((i / 3 + 1) / 100, 5);
    }
  });

  it("reject a number of classes below 1", () => {
    expect(() => spirals({ classes: 0 })).toThrow("spirals: got classes 0");
  });
});

describe("moons", () => {
  it("are scikit-learn's: the values of make_moons(6, shuffle=False)", () => {
    const points = pointsOf(moons({ samples: 6 }));
    const ofClass = (label: number) => points.filter((point) => point.label === label);
    const close = (point: Point, [x, y]: number[]) => {
      expect(point.x).toBeCloseTo(x, 6);
      expect(point.y).toBeCloseTo(y, 6);
    };
    [
      [1, 0],
      [0, 1],
      [-1, 0],
    ].forEach((expected, i) => {
      close(ofClass(0)[i], expected);
    });
    [
      [0, 0.5],
      [1, -0.5],
      [2, 0.5],
    ].forEach((expected, i) => {
      close(ofClass(1)[i], expected);
    });
  });
});

describe("circles", () => {
  it("have the radii 1 and factor, and no repeated point", () => {
    const points = pointsOf(circles({ samples: 40, factor: 0.3 }));
    for (const point of points) expect(radius(point)).toBeCloseTo(point.label === 0 ? 1 : 0.3, 6);
    expect(new Set(points.map(({ x, y }) => `${x.toFixed(4)} ${y.toFixed(4)}`)).size).toBe(40);
  });

  it("reject a factor that would put the inner circle outside", () => {
    expect(() => circles({ factor: 1 })).toThrow("circles: got factor 1");
  });
});

describe("xor", () => {
  it("labels by the signs, and fills the square", () => {
    const points = pointsOf(xor({ samples: 400 }));
    for (const { x, y, label } of points) {
      expect(Math.max(Math.abs(x), Math.abs(y))).toBeLessThanOrEqual(1);
      expect(label).toBe(x * y < 0 ? 1 : 0);
    }
    const quadrants = points.map(({ x, y }) => (x > 0 ? 2 : 0) + (y > 0 ? 1 : 0));
    for (const quadrant of [0, 1, 2, 3]) {
      // 100 expected, standard deviation √(400 · ¼ · ¾) ≈ 9.
      expect(Math.abs(quadrants.filter((q) => q === quadrant).length - 100)).toBeLessThan(45);
    }
  });
});
