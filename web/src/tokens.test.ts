/** Contrast of every pair of tokens that stands on each other, in both themes (WCAG 1.4.3, 1.4.11). */
import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

const css = readFileSync("src/index.css", "utf8");

type Colour = [number, number, number];

function tokens(selector: string): Record<string, Colour> {
  const block = css.slice(css.indexOf(`\n${selector} {`)).split("\n}")[0] ?? "";
  const found: Record<string, Colour> = {};
  for (const [, name, l, c, h] of block.matchAll(/--([\w-]+): oklch\(([\d.]+) ([\d.]+) ([\d.]+)\);/g)) {
    found[name ?? ""] = [Number(l), Number(c), Number(h)];
  }
  return found;
}

/** Linear sRGB of an OKLCH colour (Ottosson 2020; CSS Color 4, section 18), clipped into the gamut. */
function linear([l, c, h]: Colour): Colour {
  const [a, b] = [c * Math.cos((h * Math.PI) / 180), c * Math.sin((h * Math.PI) / 180)];
  const long = (l + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const middle = (l - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const short = (l - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const clip = (value: number) => Math.min(1, Math.max(0, value));
  return [
    clip(4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short),
    clip(-1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short),
    clip(-0.0041960863 * long - 0.7034186147 * middle + 1.707614701 * short),
  ];
}

function contrast(one: Colour, other: Colour): number {
  const light = (colour: Colour) => {
    const [r, g, b] = linear(colour);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [bright, dark] = [light(one), light(other)].sort((a, b) => b - a) as [number, number];
  return (bright + 0.05) / (dark + 0.05);
}

const TEXT: [string, string[]][] = [
  ["foreground", ["background", "surface", "surface-2", "accent", "good-surface", "warn-surface", "bad-surface", "info-surface"]],
  ["muted-foreground", ["background", "surface", "surface-2"]],
  ["link", ["background", "surface", "surface-2"]],
  ["primary-foreground", ["primary", "primary-hover"]],
  ["bad-foreground", ["bad", "bad-hover"]],
  ["accent-foreground", ["accent"]],
  ["good", ["surface", "good-surface"]],
  ["warn", ["surface", "warn-surface"]],
  ["bad", ["surface", "bad-surface"]],
  ["info", ["surface", "info-surface"]],
];
const SHAPES = ["input", "ring", "primary", "good", "warn", "bad", "info", "chart-1", "chart-2", "chart-3", "chart-4", "chart-5"];

describe.each([":root", ".dark"])("theme %s", (selector) => {
  const theme = tokens(selector);
  const of = (name: string) => theme[name] as Colour;

  it.each(TEXT.flatMap(([text, grounds]) => grounds.map((ground) => [text, ground] as const)))("%s reads on %s", (text, ground) => {
    expect(contrast(of(text), of(ground))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(SHAPES.flatMap((shape) => ["surface", "background"].map((ground) => [shape, ground] as const)))("%s is seen on %s", (shape, ground) => {
    expect(contrast(of(shape), of(ground))).toBeGreaterThanOrEqual(3);
  });
});
