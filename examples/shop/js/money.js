"use strict";

// Prices: cents in programs, text for people.
const money = {
  // The price to read, such as "€ 24.50"; format_price() in catalogue.py does the same.
  format(cents) {
    return `€ ${Math.trunc(cents / 100)}.${String(cents % 100).padStart(2, "0")}`;
  },

  // The cents of a price that a person has typed, or NaN.
  parse(text) {
    const match = /^\s*€?\s*(\d+)(?:[.,](\d\d))?\s*$/.exec(text);
    return match ? Number(match[1]) * 100 + Number(match[2] ?? 0) : NaN;
  },
};

if (typeof module !== "undefined") module.exports = money;
