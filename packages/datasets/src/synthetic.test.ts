import { describe, expect, it } from "vitest";

import { blobs, circles, linear, moons, spirals, xor, type BlobsOptions, type Points } from "./index.js";

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
  ["linear", linear],
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
    [{ samples: 2 ** 31 }, "got 2147483648 samples of 2 coordinates, 4294967296 numbers; expected at most"],
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

describe("linear", () => {
  it("is divided by a line, with a margin on both sides", () => {
    const points = pointsOf(linear({ samples: 400, margin: 0.5, seed: 2 }));
    for (const { x, y, label } of points) {
      expect(Math.abs(x + y) / Math.SQRT2).toBeGreaterThan(0.2499);
      expect(label).toBe(x + y > 0 ? 1 : 0);
    }
    // 200 expected, standard deviation 10.
    expect(Math.abs(points.filter(({ label }) => label === 1).length - 200)).toBeLessThan(50);
  });

  it("refuses a margin that leaves no room", () => {
    expect(() => linear({ margin: 1 })).toThrow("linear: got margin 1");
  });
});

describe("blobs", () => {
  const data = (options: BlobsOptions) => [...blobs(options).all().x.dataSync()];

  it("are clouds of the noise asked for around centers, which take turns", () => {
    const centers = [
      [0, 100],
      [-50, 0],
      [50, 0],
    ];
    const { x, y } = blobs({ samples: 3001, centers, noise: 2, seed: 1 }).all();
    expect([x.shape, x.dtype, y.shape, y.dtype]).toEqual([[3001, 2], "float32", [3001], "int32"]);
    const [coordinates, labels] = [x.dataSync(), y.dataSync()];
    const away = Array.from(coordinates, (at, i) => at - centers[labels[Math.floor(i / 2)]][i % 2]);
    expect([...labels.subarray(0, 4)]).toEqual([0, 1, 2, 0]);
    // 6,002 draws give the mean to within 0.03 and the deviation to within 1 %.
    expect(Math.abs(away.reduce((sum, at) => sum + at, 0) / away.length)).toBeLessThan(0.15);
    expect(Math.sqrt(away.reduce((sum, at) => sum + at ** 2, 0) / away.length)).toBeCloseTo(2, 0);
  });

  it("have three centers in the plane and noise 1, unless told", () => {
    expect(blobs().all().x.shape).toEqual([200, 2]);
    for (const large of [{ centers: 2 ** 31 }, { features: 2 ** 31 }]) {
      expect(() => blobs(large)).toThrow(/^blobs: got .* numbers; expected at most 33554432$/);
    }
    expect(data({ seed: 5 })).toEqual(data({ centers: 3, features: 2, noise: 1, samples: 200, seed: 5 }));
    expect(data({ seed: 5 })).not.toEqual(data({ seed: 6 }));
    expect(blobs({ features: 5, samples: 0 }).all().x.shape).toEqual([0, 5]);
  });

  it("keep centers that are drawn, in the box, whatever number of points and noise", () => {
    const few = data({ centers: 4, features: 3, noise: 0, samples: 4 });
    expect(data({ centers: 4, features: 3, noise: 0, samples: 9 }).slice(0, 12)).toEqual(few);
    for (const at of data({ centers: 500, noise: 0, samples: 500 }))
      expect(Math.abs(at)).toBeLessThanOrEqual(10);
  });

  it("refuse what makes no blobs", () => {
    const making = (options: BlobsOptions) => () => blobs(options);
    expect(making({ centers: 0 })).toThrow("blobs: got centers 0; expected a whole number of at least 1");
    expect(making({ features: 0.5 })).toThrow("blobs: got features 0.5");
    expect(making({ centers: [] })).toThrow("blobs: got centers of the lengths []; expected at least one");
    expect(making({ centers: [[1, 2], [3]] })).toThrow("got centers of the lengths [2, 1]");
    expect(making({ noise: -1 })).toThrow("blobs: got noise -1");
    expect(making({ samples: 0.5 })).toThrow("blobs: got samples 0.5");
  });
});
