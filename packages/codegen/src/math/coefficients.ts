// Written by coefficients.py. Polynomials are listed from the constant term up; errors are those of the rounded coefficients.

import type { FloatType } from "./lanes.js";

/** The coefficients of the functions of one element type. */
export interface Coefficients {
  /** (eʳ − 1 − r) / r², |r| ≤ ln 2 / 2 */
  readonly exponentialTail: readonly number[];
  /** (2 artanh s − 2s) / s³ in z = s², 0 ≤ s ≤ (√2 − 1) / (√2 + 1) */
  readonly logarithmTail: readonly number[];
  /** (sin r − r) / r³ in w = r², |r| ≤ π/2 */
  readonly sineTail: readonly number[];
  /** (arctan z − z) / z³ in w = z², |z| ≤ tan π/8 */
  readonly arctangentTail: readonly number[];
  /** ln 2 = first + second; the first times the exponent of any number is exact */
  readonly ln2: readonly [number, number];
  /** π/2 = first + second */
  readonly halfPi: readonly [number, number];
}

export const coefficients: Readonly<Record<FloatType, Coefficients>> = {
  float32: {
    // (eʳ − 1 − r) / r² for |r| ≤ ln 2 / 2: degree 4, relative error 1.3e-7.
    exponentialTail: [
      0.5, 0.16666577756404877, 0.04166685417294502, 0.008363153785467148, 0.0013901296770200133,
    ],
    // (2 artanh s − 2s) / s³ in z = s² for 0 ≤ s ≤ (√2 − 1) / (√2 + 1): degree 2, relative error 3.0e-7.
    logarithmTail: [0.6666668653488159, 0.3998875916004181, 0.2958071827888489],
    // (sin r − r) / r³ in w = r² for |r| ≤ π/2: degree 4, relative error 3.3e-8.
    sineTail: [
      -0.1666666716337204, 0.00833333283662796, -0.00019841082394123077, 2.753619128270657e-6,
      -2.407464982923102e-8,
    ],
    // (arctan z − z) / z³ in w = z² for |z| ≤ tan π/8: degree 3, relative error 1.4e-6.
    arctangentTail: [-0.3333328664302826, 0.19991321861743927, -0.1402541697025299, 0.0852532684803009],
    ln2: [0.693145751953125, 1.428606765330187e-6],
    halfPi: [1.5707963705062866, -4.371138828673793e-8],
  },
  float64: {
    // (eʳ − 1 − r) / r² for |r| ≤ ln 2 / 2: degree 9, relative error 2.3e-16.
    exponentialTail: [
      0.5000000000000001, 0.16666666666666644, 0.041666666666624254, 0.008333333333356209,
      0.0013888888917160792, 0.00019841269784670452, 2.4801521366452146e-5, 2.755735547747803e-6,
      2.7620059101008136e-7, 2.506818680051837e-8,
    ],
    // (2 artanh s − 2s) / s³ in z = s² for 0 ≤ s ≤ (√2 − 1) / (√2 + 1): degree 6, relative error 4.7e-16.
    logarithmTail: [
      0.666666666666667, 0.39999999999899055, 0.2857142862616183, 0.22222211106743767, 0.1818289103087431,
      0.1533166201959699, 0.1461714735964449,
    ],
    // (sin r − r) / r³ in w = r² for |r| ≤ π/2: degree 8, relative error 6.1e-17.
    sineTail: [
      -0.16666666666666666, 0.008333333333333333, -0.00019841269841269806, 2.7557319223970824e-6,
      -2.50521083823211e-8, 1.6059043473328397e-10, -7.647138829628749e-13, 2.810461469186667e-15,
      -8.005327549810067e-18,
    ],
    // (arctan z − z) / z³ in w = z² for |z| ≤ tan π/8: degree 10, relative error 1.4e-16.
    arctangentTail: [
      -0.3333333333333333, 0.19999999999995602, -0.1428571428468209, 0.11111111016397128,
      -0.09090904620666937, 0.07692184102794268, -0.0666452335538978, 0.0585824518903023,
      -0.050859202861541365, 0.03924439424921911, -0.019191540588947027,
    ],
    ln2: [0.6931471805598903, 5.497923018708371e-14],
    halfPi: [1.5707963267948966, 6.123233995736766e-17],
  },
};

/** For float32: erf x / x − 1 in w = x² for |x| ≤ 1.1: degree 6, relative error of erf 3.4e-8. */
export const smallErrorFunction: readonly number[] = [
  0.12837916612625122, -0.3761259913444519, 0.1128329187631607, -0.026841439306735992, 0.0051648542284965515,
  -0.00078056869097054, 7.187618757598102e-5,
];

/** For float32: (1 − erf x)^(−1/8) for 1.1 ≤ x ≤ 4.0: degree 7, error of erf 2.0e-8. */
export const largeErrorFunction: readonly number[] = [
  0.9936429858207703, 0.17174239456653595, 0.02611433155834675, 0.09742458164691925, -0.04723994806408882,
  0.022777030244469643, -0.004972574766725302, 0.0006225169054232538,
];

/** The |x| at which the approximation changes from `smallErrorFunction` to `largeErrorFunction`. */
export const errorFunctionBorder = 1.1;

/** For float64: erf x / x in w = x² for |x| ≤ 5.92: degrees 12 and 12, relative error 7.8e-17. */
export const errorFunctionQuotient: readonly [readonly number[], readonly number[]] = [
  [
    1.1283791670955126, 0.21999786383554576, 0.06609100177686889, 0.006880106384673686, 0.0008548187070573082,
    5.683819213675997e-5, 3.894848415213442e-6, 1.6911893418552048e-7, 6.749996137497988e-9,
    1.716767472910661e-10, 3.338733196568375e-12, 2.2350526135933375e-14, 1.580593719586086e-17,
  ],
  [
    1.0, 0.5283013638064812, 0.13467207990699892, 0.021967416259121485, 0.002561801721231781,
    0.00022577801999276462, 1.5473456427791042e-5, 8.335344786192492e-7, 3.509133427975354e-8,
    1.1227519972803082e-9, 2.547077345462321e-11, 3.326755813161347e-13, 8.894002353755909e-16,
  ],
];

/** The upper limit to which w is clamped; beyond it erf x rounds to 1. */
export const errorFunctionEnd = 35.0464;

/** For float64's power, whose logarithm needs more digits than the others. (2 artanh s − 2s) / s³ in z = s² for 0 ≤ s ≤ (√2 − 1) / (√2 + 1): degree 8, relative error 5.6e-17. */
export const longLogarithmTail: readonly number[] = [
  0.6666666666666666, 0.3999999999999999, 0.28571428571435387, 0.22222222219850385, 0.18181818594807328,
  0.15384575046340127, 0.13335642226448188, 0.1168804711593569, 0.11882665561126556,
];

/** The rounding error of its first coefficient, 2/3. */
export const longLogarithmTailRest = 3.700743415417188e-17;

/** For float32's power, which is computed in float64. (2 artanh s − 2s) / s³ in z = s² for 0 ≤ s ≤ (√2 − 1) / (√2 + 1): degree 3, relative error 1.7e-9. */
export const shortLogarithmTail: readonly number[] = [
  0.6666666655398993, 0.40000122169925334, 0.2855078915741487, 0.23331223359952394,
];

/** For float32's power. (eʳ − 1 − r) / r² for |r| ≤ ln 2 / 2: degree 5, relative error 2.7e-9. */
export const shortExponentialTail: readonly number[] = [
  0.5000000013407481, 0.16666666532189947, 0.041666465314022065, 0.008333360721773075, 0.0013933617629588247,
  0.00019857817202777035,
];

/** For float64's tangent. (tan r − r) / r³ in w = r² for |r| ≤ π/4: degree 14, relative error 8.3e-17. */
export const tangentTail: readonly number[] = [
  0.3333333333333333, 0.13333333333333, 0.05396825396865725, 0.021869488516996386, 0.008863236005255458,
  0.003592120956565746, 0.0014559029493807693, 0.0005895743573413129, 0.0002412315108109418,
  8.9970225955571e-5, 5.561831733260022e-5, -1.1056121368763168e-5, 3.65549107542859e-5,
  -1.8336095450928488e-5, 8.488306401748284e-6,
];

/** π as a sum; the first two, of 33 bits, times an integer or half-integer up to 2¹⁹ are exact. */
export const piParts: readonly [number, number, number] = [
  3.1415926534682512, 1.2154201012607932e-10, 4.044532497591901e-21,
];

/** The bits of 1/π in 64-bit words, starting 64 bits before the binary point. They suffice for the largest float64. */
export const inverseOfPi: readonly bigint[] = [
  0x0000000000000000n,
  0x517cc1b727220a94n,
  0xfe13abe8fa9a6ee0n,
  0x6db14acc9e21c820n,
  0xff28b1d5ef5de2b0n,
  0xdb92371d2126e970n,
  0x0324977504e8c90en,
  0x7f0ef58e5894d39fn,
  0x74411afa975da242n,
  0x74ce38135a2fbf20n,
  0x9cc8eb1cc1a99cfan,
  0x4e422fc5defc941dn,
  0x8ffc4bffef02cc07n,
  0xf79788c5ad05368fn,
  0xb69b3f6793e584dbn,
  0xa7a31fb34f2ff516n,
  0xba93dd63f5f2f8bdn,
  0x9e839cfbc5294975n,
  0x35fdafd88fc6ae84n,
  0x2b0198237e3db5d5n,
];
