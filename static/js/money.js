// Money beside tokens that are typed, in whole numbers and rounded up once, exactly as the server writes it (LEDGER-11).

/**
 * @param {string} locale
 * @param {string} currency
 * @param {number} exponent digits after the point
 * @param {bigint | number} minor in the currency's smallest unit
 */
export function writeMoney(locale, currency, exponent, minor) {
  const digits = { minimumFractionDigits: exponent, maximumFractionDigits: exponent };
  return new Intl.NumberFormat(locale, { style: "currency", currency, ...digits }).format(Number(minor) / 10 ** exponent);
}

/**
 * What so many tokens come to, in the currency's smallest unit.
 *
 * @param {number} tokens
 * @param {string} pico 10⁻¹² units of the currency a token
 * @param {number} exponent
 */
export function priceUp(tokens, pico, exponent) {
  const unit = 10n ** BigInt(12 - exponent);
  return (BigInt(tokens) * BigInt(pico) + unit - 1n) / unit;
}

/**
 * A price with the tax that comes on top of it, rounded half up as the server does (LAW-10).
 *
 * @param {bigint} minor in the currency's smallest unit
 * @param {string} ppm the rate in parts per million
 */
export function addTax(minor, ppm) {
  return minor + (2n * minor * BigInt(ppm) + 1_000_000n) / 2_000_000n;
}
