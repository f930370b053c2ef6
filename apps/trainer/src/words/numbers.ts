/** Formats a number with three significant digits. */
export function short(value: number): string {
  return value.toPrecision(3);
}

/** Formats a fraction as a percentage, by default with one decimal below 9.95 % and none above. */
export function percent(fraction: number, digits = Math.abs(fraction) < 0.0995 ? 1 : 0): string {
  return `${(100 * fraction).toFixed(digits)} %`;
}

/** Formats a number with its sign, and with as many decimals as asked for. A minus is a minus, not a hyphen. */
export function signed(value: number, digits = 3): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(digits)}`;
}

/** Formats a number with as many decimals as asked for. A minus is a minus, not a hyphen. */
export function decimal(value: number, digits = 3): string {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** Formats the square of a number. A negative one is in parentheses: −0.5² would be −0.25. */
export function squared(value: number): string {
  const text = decimal(value);
  return text.startsWith("−") ? `(${text})²` : `${text}²`;
}

/** Formats a number with as many decimals as asked for; one that is smaller than they can show is “≈ 0”. */
export function roughly(value: number, digits: number): string {
  if (value === 0) return "0";
  const text = decimal(value, digits);
  return Number(text) === 0 ? "≈ 0" : text;
}

/** Formats an angle in degrees from −180 to 180, with one decimal. */
export function degrees(radians: number): string {
  const angle = (180 / Math.PI) * radians;
  return `${decimal(angle - 360 * Math.round(angle / 360), 1)}°`;
}

/** Formats a number with a comma before every three digits, as `toLocaleString("en")` does, which takes a page 30 ms the first time. */
export function thousands(value: number): string {
  const [whole, ...decimals] = `${value}`.split(".");
  return [whole.replace(/\B(?=(\d{3})+$)/g, ","), ...decimals].join(".");
}
