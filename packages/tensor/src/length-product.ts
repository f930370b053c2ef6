/*
 * Products of lengths as types: the number of elements that several axes have together. TypeScript has no arithmetic on types,
 * but it knows the length of a tuple, which is enough to multiply two digits. The rest is long multiplication. Numbers are
 * strings of digits, lowest digit first: 784 is "487".
 */

/** `A · B`; `number` if a factor is not known. */
export type Product<A extends number, B extends number> = number extends A | B
  ? number
  : 0 extends A | B
    ? 0
    : Reversed<Times<Reversed<`${A}`>, Reversed<`${B}`>>> extends `${infer Value extends number}`
      ? Value
      : number;

/** A tuple whose length is the digit; `never` for a string that is not a digit. */
type Count<Digit extends string> = Digit extends keyof Counts ? Counts[Digit] : never;

interface Counts {
  "0": [];
  "1": [1];
  "2": [1, 1];
  "3": [1, 1, 1];
  "4": [1, 1, 1, 1];
  "5": [1, 1, 1, 1, 1];
  "6": [1, 1, 1, 1, 1, 1];
  "7": [1, 1, 1, 1, 1, 1, 1];
  "8": [1, 1, 1, 1, 1, 1, 1, 1];
  "9": [1, 1, 1, 1, 1, 1, 1, 1, 1];
}

type Times<A extends string, B extends string> = B extends `${infer Digit}${infer Higher}`
  ? Higher extends ""
    ? TimesDigit<A, Count<Digit>>
    : Plus<TimesDigit<A, Count<Digit>>, `0${Times<A, Higher>}`>
  : "";

/** Every digit of A times one digit, carrying the tens. */
type TimesDigit<
  A extends string,
  By extends 1[],
  Carry extends 1[] = [],
> = A extends `${infer Digit}${infer Higher}`
  ? Normalize<[...CountTimes<Count<Digit>, By>, ...Carry]> extends [
      infer Ones extends string,
      infer Tens extends 1[],
    ]
    ? `${Ones}${TimesDigit<Higher, By, Tens>}`
    : never
  : Carry extends []
    ? ""
    : `${Carry["length"]}`;

type Plus<
  A extends string,
  B extends string,
  Carry extends 1[] = [],
> = A extends `${infer DigitA}${infer HigherA}`
  ? B extends `${infer DigitB}${infer HigherB}`
    ? Normalize<[...Count<DigitA>, ...Count<DigitB>, ...Carry]> extends [
        infer Ones extends string,
        infer Tens extends 1[],
      ]
      ? `${Ones}${Plus<HigherA, HigherB, Tens>}`
      : never
    : Carry extends []
      ? A
      : Plus<A, "1">
  : Carry extends []
    ? B
    : B extends ""
      ? "1"
      : Plus<B, "1">;

/** Splits a count below 100 into its ones (a digit) and its tens (a count). */
type Normalize<Total extends 1[]> = `${Total["length"]}` extends `${infer First}${infer Second}`
  ? Second extends ""
    ? [First, []]
    : [Second, Count<First>]
  : never;

type CountTimes<A extends 1[], B extends 1[]> = A extends [1, ...infer Rest extends 1[]]
  ? [...B, ...CountTimes<Rest, B>]
  : [];

type Reversed<Digits extends string> = Digits extends `${infer First}${infer Rest}`
  ? `${Reversed<Rest>}${First}`
  : "";
