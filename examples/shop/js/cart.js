"use strict";

// What a cart costs, while its owner is still typing; cart.py has the last word.
const cart = {
  // The number that was typed into a quantity field; nonsense counts as none.
  quantity(text) {
    return /^\s*\d+\s*$/.test(text) ? Number(text) : 0;
  },

  subtotal(lines) {
    return lines.reduce((sum, { price, quantity }) => sum + price * quantity, 0);
  },

  shipping(lines, { shipping, freeFrom }) {
    const subtotal = cart.subtotal(lines);
    return subtotal > 0 && subtotal < freeFrom ? shipping : 0;
  },

  total(lines, rates) {
    return cart.subtotal(lines) + cart.shipping(lines, rates);
  },
};

if (typeof module !== "undefined") module.exports = cart;
